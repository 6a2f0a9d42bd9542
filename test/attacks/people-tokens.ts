import { join } from 'node:path';
import BetterSqlite3 from 'better-sqlite3';
import type { ConsumerReply } from '@bellwether/control-plane/consumers/consumer-api';
import type { ApiTokenReply } from '@bellwether/control-plane/http/people-api';
import { onPreparedServer, type ServerAttack } from '../support/attack-on-server.js';
import { ask, bearer, codeOfReply, newToken } from '../support/people-on-server.js';
import { connectPacket, subscribePacket } from '../support/raw-mqtt.js';
import type { ServerWorld } from '../support/server-world.js';

async function revoke(world: ServerWorld, { id }: ApiTokenReply): Promise<void> {
  const headers = bearer(world.server.operatorToken);
  const reply = await ask(world, `/api-tokens/${id}`, { method: 'DELETE', headers });
  if (!reply.ok) throw new Error(`the token is not revoked: ${await codeOfReply(reply)}`);
}

/** A live feed of the server's events, as its reader sees it. */
async function openFeed({ server }: ServerWorld, token: string): Promise<ReadableStreamDefaultReader<Uint8Array>> {
  const reply = await fetch(`${server.httpUrl}/api/v1/live`, { headers: bearer(token) });
  const reader = reply.body?.getReader();
  if (!reply.ok || reader === undefined) throw new Error(`the feed answered ${reply.status}`);
  await reader.read();
  return reader;
}

/** `passed` when the feed still tells of this, `closed` when it ends without. */
async function isTold(reader: ReadableStreamDefaultReader<Uint8Array>, marker: string): Promise<string> {
  let told = '';
  for (;;) {
    const chunk = await reader.read().catch(() => ({ done: true, value: undefined }));
    if (chunk.done) return 'closed';
    told += Buffer.from(chunk.value ?? []).toString();
    if (!told.includes(marker)) continue;
    await reader.cancel();
    return 'passed';
  }
}

const newestAdmin = { name: 'planted', role: 'admin' };

export const attacks: readonly ServerAttack[] = [
  onPreparedServer({
    id: 'people-token-revoked',
    row: 'goes on with a token that was stolen from an operator, and revoked',
    attacker: 'network',
    code: 'operator-token-invalid',
    control: 'what is revoked is gone (removeCredential, control-plane/operators/operator-store-sql.ts)',
    patches: [
      {
        module: 'control-plane/operators/operator-store-sql',
        guard: 'this.#statements.removeCredential.run(id);',
        permissive: '',
      },
    ],
    prepare: async (world) => {
      const stolen = await newToken(world, { role: 'operator' });
      await revoke(world, stolen);
      return stolen.token;
    },
    attack: async (world, token) => codeOfReply(await ask(world, '/tokens', { headers: bearer(token) })),
  }),
  onPreparedServer({
    id: 'people-token-revoked-live',
    row: 'stays on the live feed, which it opened with a stolen token before that was revoked',
    attacker: 'network',
    code: 'closed',
    control: 'what is open by a token ends with it (Operators.#recheck, control-plane/operators/operators.ts)',
    patches: [{ module: 'control-plane/operators/operators', guard: 'guest.end();', permissive: '' }],
    prepare: async (world) => {
      const stolen = await newToken(world, {});
      const feed = await openFeed(world, stolen.token);
      await revoke(world, stolen);
      await world.server.enrolled('after-it-was-revoked');
      return feed;
    },
    attack: (_world, feed) => isTold(feed, 'after-it-was-revoked'),
  }),
  onPreparedServer({
    id: 'people-consumer-revoked',
    row: 'stays on the broker with a consumer’s account that was revoked',
    attacker: 'network',
    code: 'closed',
    control: 'a consumer’s connections end with the account (Consumers.revoke, control-plane/consumers/consumers.ts)',
    patches: [
      {
        module: 'control-plane/consumers/consumers',
        guard: 'this.#standing.delete(name);\n        channel.disconnectConsumer(name);',
        permissive: '',
      },
    ],
    prepare: async (world) => {
      const grant = { kinds: ['window'], labels: {} };
      const { userName, password } = await world.server.read<ConsumerReply>('/consumers', { name: 'leaver', grant });
      const raw = await world.asStranger();
      await raw.ask(connectPacket({ clientId: userName, userName, password }));
      await raw.ask(subscribePacket(world.bystander.topic('window')));
      const headers = bearer(world.server.operatorToken);
      const revoked = await ask(world, '/consumers/leaver/revoke', { headers });
      if (!revoked.ok) throw new Error(`the account is not revoked: ${await codeOfReply(revoked)}`);
      return raw;
    },
    attack: async (world, raw) => {
      const before = raw.messages.length;
      await world.barrier();
      // What was delivered before the answer to a ping is there by then.
      const answer = await raw.ask(Buffer.from([0xc0, 0]));
      raw.cut();
      return raw.messages.length > before ? 'passed' : answer;
    },
  }),
  onPreparedServer({
    id: 'people-token-expired',
    row: 'goes on with a stolen token that is over',
    attacker: 'network',
    code: 'operator-token-invalid',
    control: 'the end of a credential (Operators.callerOf, control-plane/operators/operators.ts)',
    patches: [
      { module: 'control-plane/operators/operators', guard: 'const isOver = ', permissive: 'const isOver = false && ' },
    ],
    prepare: async (world) => {
      const { id, token } = await newToken(world, { role: 'operator', days: 1 });
      const database = new BetterSqlite3(join(world.server.data, 'bellwether.sqlite'));
      database.prepare('update credentials set expires_at_ms = 1 where id = ?').run(id);
      database.close();
      return token;
    },
    attack: async (world, token) => codeOfReply(await ask(world, '/tokens', { headers: bearer(token) })),
  }),
  onPreparedServer({
    id: 'people-token-beyond-role',
    row: 'makes itself an admin with a stolen token of a viewer’s rights, whose owner is one',
    attacker: 'network',
    code: 'role-insufficient',
    control: 'each route says which role it needs (requireRole, control-plane/http/route-guard.ts)',
    patches: [
      {
        module: 'control-plane/http/route-guard',
        guard: 'if (mayActAs(caller.role, needed))',
        permissive: 'if (true)',
      },
    ],
    prepare: async (world) => (await newToken(world, { role: 'viewer' })).token,
    attack: async (world, token) =>
      codeOfReply(await ask(world, '/operators', { headers: bearer(token), body: newestAdmin })),
  }),
  onPreparedServer({
    id: 'people-token-makes-wider',
    row: 'makes an admin’s token with a stolen token of an operator’s rights, whose owner is one',
    attacker: 'network',
    code: 'role-insufficient',
    control: 'no token is wider than what makes it (ApiTokens.create, control-plane/operators/api-tokens.ts)',
    patches: [
      {
        module: 'control-plane/operators/api-tokens',
        guard: 'if (!mayActAs(by.role, request.role) || !mayActAs(owner.role, request.role))',
        permissive: 'if (false)',
      },
    ],
    prepare: async (world) => (await newToken(world, { role: 'operator' })).token,
    attack: async (world, token) => {
      const body = { label: 'wider', role: 'admin', days: 1 };
      const made = await ask(world, '/api-tokens', { headers: bearer(token), body });
      if (!made.ok) return codeOfReply(made);
      const wider = ((await made.json()) as ApiTokenReply).token;
      return codeOfReply(await ask(world, '/operators', { headers: bearer(wider), body: newestAdmin }));
    },
  }),
  onPreparedServer({
    id: 'people-token-makes-longer',
    row: 'makes a token without an end with a stolen one that is over tomorrow',
    attacker: 'network',
    code: 'api-token-bounds',
    control: 'no token lasts longer than what makes it (ApiTokens.create, control-plane/operators/api-tokens.ts)',
    patches: [
      { module: 'control-plane/operators/api-tokens', guard: 'if (limitMs !== null && ', permissive: 'if (false && ' },
    ],
    prepare: async (world) => (await newToken(world, { role: 'operator', days: 1 })).token,
    attack: async (world, token) => {
      const body = { label: 'longer', role: 'viewer', days: null };
      return codeOfReply(await ask(world, '/api-tokens', { headers: bearer(token), body }));
    },
  }),
];
