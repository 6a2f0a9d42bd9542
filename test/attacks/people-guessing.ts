import { addressBurst } from '@bellwether/control-plane/operators/login-guard';
import { onPreparedServer, type ServerAttack } from '../support/attack-on-server.js';
import { addOperator, ask, codeOfReply, password } from '../support/people-on-server.js';
import type { ServerWorld } from '../support/server-world.js';

/** An address gets another try so often (control-plane/operators/login-guard.ts). */
const refillMs = 3000;

interface Guess {
  readonly name: string;
  readonly password?: string;
  readonly forwardedFor?: string;
}

async function guess(world: ServerWorld, { name, forwardedFor, ...guessed }: Guess): Promise<string> {
  const headers = forwardedFor === undefined ? {} : { 'x-forwarded-for': forwardedFor };
  const body = { name, password: guessed.password ?? 'a wrong one', as: 'token' };
  return codeOfReply(await ask(world, '/logins', { headers, body }));
}

export const attacks: readonly ServerAttack[] = [
  onPreparedServer({
    id: 'people-password-flood',
    row: 'tries one password after the other, of which the sixth is right',
    attacker: 'network',
    code: 'login-locked',
    control: 'five failures lock an account (LoginGuard, control-plane/operators/login-guard.ts)',
    patches: [
      {
        module: 'control-plane/operators/login-guard',
        guard: 'if (failures > 0 && lockedUntilMs > nowMs)',
        permissive: 'if (false)',
      },
    ],
    genuine: ['audit_rows'],
    prepare: (world) => addOperator(world, 'guessed'),
    attack: async (world) => {
      for (let i = 0; i < 5; i++) await guess(world, { name: 'guessed' });
      return guess(world, { name: 'guessed', password });
    },
  }),
  onPreparedServer({
    id: 'people-forwarded-for',
    row: 'gives each guess another X-Forwarded-For, so that it seems to come from another address',
    attacker: 'network',
    code: 'login-rate',
    control: 'the address is that of the connection (trustProxy is off, control-plane/http/server-fastify.ts)',
    patches: [
      {
        module: 'control-plane/http/server-fastify',
        guard: 'forceCloseConnections: true,',
        permissive: 'forceCloseConnections: true, trustProxy: true,',
      },
    ],
    genuine: ['audit_rows'],
    prepare: async () => {},
    attack: async (world) => {
      const startedMs = performance.now();
      let looked = 0;
      // An account that is locked costs an address its tries as well, and no hash.
      for (let i = 0; i < 60; i++) {
        if ((await guess(world, { name: 'nobody', forwardedFor: `198.51.100.${i}` })) !== 'login-rate') looked++;
      }
      // All of them, and not the last one's answer: a try comes back now and then, and it might get that.
      const back = (performance.now() - startedMs) / refillMs;
      return looked > addressBurst + back + 1 ? 'passed' : 'login-rate';
    },
  }),
];
