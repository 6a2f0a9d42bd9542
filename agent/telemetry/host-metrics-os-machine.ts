import { execFile } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { Machine } from '@bellwether/shared/contract/report';
import { Compile } from '@bellwether/shared/schema';

const compiled = Compile(Machine);
const child = fileURLToPath(new URL('./host-metrics-os-machine-child.js', import.meta.url));

/**
 * Describes this machine by systeminformation, once, in a process that then ends: the library would keep 6 MB of the
 * agent's memory. Rejects with what went wrong in there.
 */
export async function readMachine(nodePath: string): Promise<Machine> {
  const { stdout } = await promisify(execFile)(nodePath, [child], { timeout: 30_000 });
  return decodeDocument(compiled, Buffer.from(stdout), { what: 'description of the machine', maxBytes: 16_384 });
}
