import { writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { updateMetadata } from '@bellwether/agent/trust/repository-tuf-workflow';
import type { Attack } from '../support/attack.js';
import { onDevice } from '../support/attack-on-device.js';
import { evilRelease } from '../support/attack-release.js';
import { unlimitedTuf } from '../support/lenient-tuf-core.js';

const megabyte = 1024 ** 2;
/** What "endless" is here, and what a device may read of it before it has noticed. */
const floodBytes = 32 * megabyte;
const noticedBytes = 8 * megabyte;
/** Keys of an unsigned root, and the CPU time that nobody spends on one who has noticed: 0.1 s with the guard, 1.6 s without (m). */
const floodKeys = 3500;
const noticedCpuMs = 500;

/** Writes until the other side has had enough, or the flood is over; tells how much was taken. */
function flood(response: ServerResponse, taken: (bytes: number) => void): void {
  const chunk = Buffer.alloc(64 * 1024, ' ');
  let sent = 0;
  const more = (): void => {
    if (response.destroyed) return;
    if (sent >= floodBytes) {
      response.end();
      return;
    }
    sent += chunk.byteLength;
    taken(sent);
    if (response.write(chunk)) setImmediate(more);
    else response.once('drain', more);
  };
  more();
}

/** Attacks that would keep a device busy before anything is verified. */
export const attacks: readonly Attack[] = [
  onDevice({
    id: 'tuf-endless-data',
    row: 'answers timestamp.json with data that does not end',
    attacker: 'network',
    code: 'metadata-refused',
    control: 'the cap on bytes of a metadata file (agent/trust/metadata-http.ts)',
    open: { update: (request, fetchFile) => updateMetadata(request, (name) => fetchFile(name, 1024 * megabyte)) },
    genuine: ['order'],
    attack: async (world) => {
      let takenBytes = 0;
      world.server.answer('/repository/metadata/timestamp.json', (_request, response) =>
        flood(response, (bytes) => {
          takenBytes = bytes;
        }),
      );
      const code = await world.offer(evilRelease);
      return takenBytes > noticedBytes ? 'passed' : code;
    },
  }),
  onDevice({
    id: 'tuf-quadratic-metadata',
    row: 'serves an unsigned next root with 3,500 keys, which a TUF library reads in time that grows with their square',
    attacker: 'network',
    code: 'metadata-refused',
    control: 'the limits before the TUF library sees a file (agent/trust/tuf-limits.ts)',
    open: { update: unlimitedTuf },
    genuine: ['order'],
    attack: async (world) => {
      const { signed } = world.repository.root;
      const key = { keytype: 'ed25519', scheme: 'ed25519', keyval: { public: '00' } };
      const keys = Object.fromEntries(Array.from({ length: floodKeys }, (_, i) => [`key ${i}`, key]));
      const root = { signed: { ...signed, version: 2, keys: { ...signed.keys, ...keys } }, signatures: [] };
      await writeFile(world.repository.metadataFile('2.root.json'), JSON.stringify(root));
      const before = process.cpuUsage();
      const code = await world.offer(evilRelease);
      const { user, system } = process.cpuUsage(before);
      return (user + system) / 1000 > noticedCpuMs ? 'passed' : code;
    },
  }),
];
