import { onPreparedServer, type ServerAttack } from '../support/attack-on-server.js';
import { addOperator, ask, codeOfReply, password } from '../support/people-on-server.js';
import type { ServerWorld } from '../support/server-world.js';

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
    prepare: (world) => addOperator(world, 'far-away'),
    attack: async (world) => {
      // An account that is locked costs an address its tries as well, and no hash: more of them than come back meanwhile.
      for (let i = 0; i < 60; i++) await guess(world, { name: 'nobody', forwardedFor: `198.51.100.${i}` });
      return guess(world, { name: 'far-away', password, forwardedFor: '198.51.100.200' });
    },
  }),
];
