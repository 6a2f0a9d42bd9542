import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { RolloutPolicy } from '@bellwether/control-plane/rollouts/policy';
import { digitLoad } from '../support/digit-load.js';
import { digitsFolder } from '../support/digits.js';
import { type AgentProcess, FleetProcesses, servedVersion } from '../support/fleet-process.js';
import { OpenLoop } from '../support/open-loop.js';

const policy: RolloutPolicy = {
  version: 1,
  steps: [
    // With few of the calls times are held to four times stable's: a machine that runs other tests too is no judge of more.
    { cohort: { devices: 1 }, mode: 'split', share: 20, timeLimitSeconds: 600 },
    { cohort: { percent: 100 }, mode: 'full', share: 100 },
  ],
  failureBudget: { devices: 0 },
  evidence: { maxBadPct: 5, maxSlowRatio: 10, toleratedRatio: 5 },
};

let fleet: FleetProcesses;
let agents: AgentProcess[];
beforeAll(async () => {
  fleet = await FleetProcesses.start(['digits']);
  for (const version of ['1.0.0', '1.1.0']) {
    await fleet.publish(fileURLToPath(new URL(version, digitsFolder)), `digits@${version}`);
  }
  agents = await Promise.all(['a', 'b'].map((name) => fleet.startAgent(name)));
  await fleet.until('both are there', (devices) => devices.length === 2);
  await fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all', '--wait', '--timeout', '60');
}, 90_000);
afterAll(() => fleet.stop());

describe('a rollout in steps, with real agents', () => {
  it('reaches them on evidence, though the server is killed in every step, and a verdict can be made again', async () => {
    const loads = agents.map(({ socketPath }, index) => new OpenLoop(socketPath, digitLoad(index), 120));
    for (const load of loads) load.start();
    try {
      const file = join(fleet.folder, 'policy.json');
      await writeFile(file, JSON.stringify(policy));
      await fleet.cli('rollout', 'create', 'digits@1.1.0', '--to', 'all', '--policy', file);
      await rolloutUntil('the canary is up', ({ steps }) => steps[0]?.ready === 1);
      await fleet.stopServer('SIGKILL');
      await fleet.startServer();
      await rolloutUntil('the first step has passed', ({ step }) => step === 1);
      await fleet.stopServer('SIGKILL');
      await fleet.startServer();
      await rolloutUntil('it is done', ({ phase }) => phase === 'done');
      await fleet.until('both serve it', (devices) =>
        devices.every((each) => servedVersion(each, 'digits') === '1.1.0'),
      );
    } finally {
      await Promise.all(loads.map((load) => load.stop()));
    }
    expect(loads.flatMap(({ sent }) => sent.filter(({ error }) => error !== null))).toEqual([]);
    const verdict = join(fleet.folder, 'verdict.json');
    await fleet.cli('rollout', 'verdict', 'r2', '--out', verdict);
    expect(await fleet.cli('verdict', 'replay', verdict)).toContain('pass');
    expect(await fleet.cli('rollout', 'explain', 'r2')).toContain('digits@1.1.0');
    expect(
      await fleet.cli('rollout', 'create', 'digits@1.0.0', '--to', 'all', '--policy', 'fast', '--dry-run'),
    ).toContain('2 devices');
    await fleet.cli('device', 'pin', 'a', 'digits@1.0.0', '--why', 'a camera that is tested');
    await fleet.until('a serves what it is pinned to', (devices) =>
      devices.every((each) => servedVersion(each, 'digits') === (each.id.startsWith('a-') ? '1.0.0' : '1.1.0')),
    );
    expect(await fleet.cli('device', 'show', 'a')).toContain('pinned to digits@1.0.0');
  }, 120_000);
});

/** Asks for the newest rollout until it is so; throws with what it was. */
async function rolloutUntil(what: string, isSo: (rollout: RolloutView) => boolean): Promise<void> {
  const endMs = performance.now() + 45_000;
  for (;;) {
    const { rollouts } = await fleet.api<{ rollouts: RolloutView[] }>('/rollouts');
    const [rollout] = rollouts;
    if (rollout !== undefined && isSo(rollout)) return;
    if (performance.now() > endMs) throw new Error(`waited until ${what}: ${JSON.stringify(rollout)}`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
