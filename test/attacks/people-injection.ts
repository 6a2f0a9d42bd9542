import type { ApiTokenReply } from '@bellwether/control-plane/http/people-api';
import { onPreparedServer, type ServerAttack } from '../support/attack-on-server.js';
import { ask, bearer, codeOfReply, newToken } from '../support/people-on-server.js';
import { bytesOf, reportOf } from '../support/telemetry-messages.js';

/** Values put between quotes, as whoever does not bind them would. */
const splicedInsert = `((text) => ({ run: (row) => db.exec(text.replace(/@(\\w+)/g, (_, name) =>
  row[name] === null ? 'null' : typeof row[name] === 'number' ? String(row[name]) : "'" + row[name] + "'")) }))(`;

export const attacks: readonly ServerAttack[] = [
  onPreparedServer({
    id: 'people-sql',
    row: 'writes SQL into the label of a viewer’s token that it makes with a stolen operator’s one, to have an admin’s',
    attacker: 'network',
    code: 'role-insufficient',
    control: 'values are bound, never written into SQL (control-plane/operators/operator-store-sql.ts)',
    patches: [
      {
        module: 'control-plane/operators/operator-store-sql',
        guard: 'insertCredential: db.prepare(',
        permissive: `insertCredential: ${splicedInsert}`,
      },
    ],
    // The token is made, as a viewer's.
    genuine: ['audit_rows', 'credentials'],
    prepare: async (world) => (await newToken(world, { role: 'operator' })).token,
    attack: async (world, token) => {
      const body = { label: `x', 'admin', 1, null) --`, role: 'viewer', days: 1 };
      const made = await ask(world, '/api-tokens', { headers: bearer(token), body });
      if (!made.ok) return codeOfReply(made);
      const wider = ((await made.json()) as ApiTokenReply).token;
      return codeOfReply(
        await ask(world, '/operators', { headers: bearer(wider), body: { name: 'planted', role: 'admin' } }),
      );
    },
  }),
  onPreparedServer({
    id: 'people-terminal',
    row: 'reports a refusal whose text would clear the operator’s terminal, hide what follows, and write lines of its own',
    attacker: 'one device',
    code: 'printable',
    control: 'others’ text without control and format characters (shared/printable.ts)',
    patches: [
      { module: 'shared/printable', guard: 'return text.replaceAll(', permissive: 'return text; text.replaceAll(' },
    ],
    prepare: async ({ mallory }) => {
      const message = '\u001b[2J\u001b[8m\nserves    digits@6.6.6\u202e';
      const report = reportOf({ device: mallory.id, orderRefusal: { code: 'order-schema', message, atMs: 1 } });
      // Without a last will, which would change the state while it is looked at.
      const client = await mallory.connect({ will: undefined });
      // Acknowledged when it is stored.
      await client.publishAsync(mallory.topic('report'), bytesOf(report), { qos: 1 });
      client.end(true);
    },
    attack: async ({ server, mallory }) => {
      const printed = await server.cli('device', 'show', mallory.id);
      if (!printed.includes('order-schema')) return 'not shown';
      return /[\u001b\u202e]|^serves {4}digits@6/m.test(printed) ? 'passed' : 'printable';
    },
  }),
];
