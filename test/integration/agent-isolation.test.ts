import { readFile, readlink, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { checkConfinement } from '@bellwether/agent/inference/engine-process-spawn';
import { AgentWorld, digitRequest } from '../support/agent-world.js';
import { childrenOf } from '../support/process-children.js';

const canConfine = await checkConfinement().then(
  () => true,
  () => false,
);
const runnerUser = { uid: 64_123, gid: 64_124 };

let world: AgentWorld;

beforeAll(async () => {
  if (canConfine) world = await AgentWorld.start();
});
afterAll(async () => {
  if (canConfine) await world.stop();
});

/** The runners of an agent: its children that are somebody else. */
async function runnersOf(pid: number): Promise<number[]> {
  const children = childrenOf(pid);
  const users = await Promise.all(children.map((child) => readFile(`/proc/${child}/status`, 'utf8').catch(() => '')));
  return children.filter((_, i) => users[i]?.includes(`Uid:\t${runnerUser.uid}\t${runnerUser.uid}`));
}

describe.skipIf(!canConfine)('an agent that is started as root with a runnerUser', () => {
  it('serves and swaps with runners that are that user and have no network, although its state is its own only', async () => {
    const agent = await world.startAgent({ runnerUser });
    await world.serve('digits@1.0.0');
    const [first = 0] = await runnersOf(agent.pid);
    expect((await agent.infer('digits', digitRequest(0))).status).toBe(200);
    await world.serve('digits@1.1.0');
    const [second = 0] = (await runnersOf(agent.pid)).filter((pid) => pid !== first);
    expect(second).toBeGreaterThan(0);
    expect((await agent.infer('digits', digitRequest(1))).status).toBe(200);
    expect(await readlink(`/proc/${second}/ns/net`)).not.toBe(await readlink(`/proc/${agent.pid}/ns/net`));
    const key = join(agent.folder, 'state', 'identity', 'device.key');
    expect({ mode: (await stat(key)).mode & 0o777, uid: (await stat(key)).uid }).toEqual({ mode: 0o600, uid: 0 });
  });
});
