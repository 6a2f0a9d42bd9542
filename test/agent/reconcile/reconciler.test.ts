import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { InstallRecord } from '@bellwether/agent/installs/install-record';
import { sha256 } from '@bellwether/shared/signing/digest';
import { digitsRelease, installRecord, type MemoryReleaseStore } from '../../support/installs.js';
import { ReconcileWorld } from '../../support/reconcile-world.js';
import { sampleRelease } from '../../support/sample-release.js';

const first = sampleRelease('digits', '1.0.0');
const second = sampleRelease('digits', '1.1.0');

let device: ReconcileWorld;
let lives: ReconcileWorld[];

beforeEach(async () => {
  device = await ReconcileWorld.open();
  lives = [device];
  await device.reconciler.start();
});

afterEach(async () => {
  for (const life of lives) await life.reconciler.stop();
  await device.world.stop();
});

/** The same device after a crash: its disk, and the records that were on it. */
async function reborn(records: readonly InstallRecord[] = device.store.records()): Promise<ReconcileWorld> {
  await device.reconciler.stop();
  const life = await ReconcileWorld.open({ world: device.world, records });
  lives.push(life);
  return life;
}

function recordsThrough(count: number): readonly InstallRecord[] {
  const store = device.store as MemoryReleaseStore;
  const records = new Map<string, InstallRecord>();
  for (const record of store.history.slice(0, count)) records.set(record.manifest, record);
  return [...records.values()];
}

describe('an order', () => {
  it('brings a release from the network to serving, each phase on disk before it is worked on', async () => {
    await device.serve(first);
    const store = device.store as MemoryReleaseStore;
    expect(store.history.map(({ phase }) => phase)).toEqual(['fetching', 'verifying', 'probing', 'standby', 'serving']);
    expect(device.events.map(({ kind, message }) => `${kind} ${message}`)).toEqual([
      'install-phase fetching',
      'install-phase verifying',
      'install-phase probing',
      'install-phase standby',
      'release-serving serving',
    ]);
  });

  it('settles a release after its probation', async () => {
    await device.serve(first);
    const { manifest } = device.live.serving('digits')?.release ?? { manifest: '' };
    device.reconciler.countCall('digits', 'another release');
    await device.world.clock.advance(600_000);
    expect(device.phaseOf(first)).toBe('serving');
    device.reconciler.countCall('digits', manifest);
    expect(device.phaseOf(first)).toBe('serving');
    device.reconciler.countCall('digits', manifest);
    await device.until(() => device.phaseOf(first) === 'settled');
  });

  it('with a newer release swaps, and keeps the old one for a rollback without the network', async () => {
    await device.serve(first);
    await device.serve(second);
    await device.world.server.stop();
    await device.order(first);
    await device.untilServing('1.0.0');
    expect(device.engine.runners.map(({ model }) => model.manifest.version)).toEqual(['1.0.0', '1.1.0', '1.0.0']);
  });

  it('that no longer names a model stops it, and leaves its blobs', async () => {
    await device.serve(first);
    await device.order();
    await device.until(() => !device.live.isOpen('digits'));
    expect(device.events.at(-1)).toMatchObject({ kind: 'model-stopped', release: 'digits@1.0.0' });
    await device.order(first);
    await device.untilServing('1.0.0');
    expect(device.world.server.requests.filter((path) => path.endsWith(sha256(first.manifest)))).toHaveLength(1);
  });

  it('that comes while another one is being installed wins', async () => {
    await device.world.repository.addRelease(first);
    await device.world.repository.addRelease(second);
    let open: () => void = () => {};
    device.engine.gate = new Promise((resolve) => {
      open = resolve;
    });
    await device.order(first);
    await device.until(() => device.phaseOf(first) === 'probing');
    await device.order(second);
    open();
    await device.untilServing('1.1.0');
    // What was called off begins from the start, and a restart of the agent is no crash of its probe.
    expect(device.phaseOf(first)).toBe('fetching');
    expect(device.engine.runners).toHaveLength(1);
  });
});

describe('a refusal', () => {
  it('changes nothing that runs, and is not tried again under this order', async () => {
    await device.serve(first);
    device.engine.refusals.set('1.1.0', 'golden');
    await device.world.repository.addRelease(second);
    await device.order(second);
    await device.until(() => device.phaseOf(second) === 'refused');
    expect(device.serving()).toBe('1.0.0');
    expect(device.codeOf(second)).toBe('golden');
    const { length } = device.world.server.requests;
    await device.world.clock.advance(86_400_000);
    expect(device.world.server.requests).toHaveLength(length);
  });

  it('that passes is tried again with back-off', async () => {
    device.engine.refusals.set('1.0.0', 'latency');
    await device.world.repository.addRelease(first);
    await device.order(first);
    await device.until(() => device.phaseOf(first) === 'refused');
    device.engine.refusals.clear();
    await device.world.clock.advance(1_999);
    expect(device.phaseOf(first)).toBe('refused');
    await device.world.clock.advance(1);
    await device.untilServing('1.0.0');
  });

  it('for the network ends with it', async () => {
    await device.world.repository.addRelease(first);
    device.world.server.answer(`/blobs/sha256/${sha256(first.manifest)}`, (_request, response) => {
      response.writeHead(404).end();
    });
    await device.order(first);
    await device.until(() => device.codeOf(first) === 'network');
    device.world.server.answer(`/blobs/sha256/${sha256(first.manifest)}`, (_request, response) => {
      response.end(first.manifest);
    });
    device.reconciler.networkChanged();
    await device.untilServing('1.0.0');
  });

  it('of a blob with one flipped bit says blob-digest, and keeps none of it', async () => {
    await device.world.repository.addRelease(first);
    const [graph = Buffer.alloc(0)] = first.files;
    const flipped = Buffer.from(graph);
    flipped[3] = (flipped[3] ?? 0) ^ 1;
    device.world.server.answer(`/blobs/sha256/${sha256(graph)}`, (_request, response) => {
      response.end(flipped);
    });
    await device.order(first);
    await device.until(() => device.phaseOf(first) === 'refused');
    expect(device.codeOf(first)).toBe('blob-digest');
  });

  it('of a release that nobody approved says not-listed', async () => {
    await device.world.repository.addRelease({ ...first, production: false });
    await device.order(first);
    await device.until(() => device.phaseOf(first) === 'refused');
    expect(device.codeOf(first)).toBe('not-listed');
  });
});

describe('a runner that dies', () => {
  it('is started again, and the third time in probation its release is reverted to the one before', async () => {
    await device.serve(first);
    await device.serve(second);
    for (let death = 1; death <= 2; death++) {
      await device.killRunner();
      await device.untilServing('1.1.0');
    }
    await device.killRunner();
    await device.untilServing('1.0.0');
    expect(device.phaseOf(second)).toBe('reverted');
    expect(device.codeOf(second)).toBe('runner-deaths');
    await device.world.clock.advance(86_400_000);
    expect(device.serving()).toBe('1.0.0');
  });

  it('after it has settled is started again as often as it dies, with back-off', async () => {
    await device.serve(first);
    await device.world.clock.advance(86_400_000);
    await device.until(() => device.phaseOf(first) === 'settled');
    await device.killRunner();
    await device.untilServing('1.0.0');
    for (const delayMs of [500, 1000, 2000]) {
      await device.killRunner();
      expect(device.serving()).toBeUndefined();
      await device.world.clock.advance(delayMs);
      await device.untilServing('1.0.0');
      // A steady runner would begin anew; one that dies at once does not.
    }
    expect(device.phaseOf(first)).toBe('settled');
  });
});

describe('a probation', () => {
  it('goes on after a restart of the agent: its deaths and its time count on', async () => {
    await device.serve(first);
    await device.serve(second);
    await device.killRunner();
    await device.untilServing('1.1.0');
    await device.killRunner();
    await device.untilServing('1.1.0');
    const life = await reborn();
    await life.reconciler.start();
    await life.untilServing('1.1.0');
    await life.killRunner();
    await life.untilServing('1.0.0');
    expect([life.phaseOf(second), life.codeOf(second)]).toEqual(['reverted', 'runner-deaths']);
  });

  it('of ten minutes is over after ten minutes, whatever restarts there were', async () => {
    await device.serve(first);
    await device.world.clock.advance(400_000);
    await device.until(() => device.store.records()[0]?.probation?.servedMs === 360_000);
    const life = await reborn();
    await life.reconciler.start();
    await life.untilServing('1.0.0');
    const { manifest } = life.live.serving('digits')?.release ?? { manifest: '' };
    life.reconciler.countCall('digits', manifest);
    life.reconciler.countCall('digits', manifest);
    await life.world.clock.advance(239_999);
    expect(life.phaseOf(first)).toBe('serving');
    await life.world.clock.advance(1);
    await life.until(() => life.phaseOf(first) === 'settled');
  });

  it('in which the runner dies before it answers ends like one in which it dies later', async () => {
    await device.serve(first);
    await device.serve(second);
    const life = await reborn();
    life.engine.refusals.set('1.1.0', 'probe-died');
    await life.reconciler.start();
    await life.until(() => life.serving() === '1.0.0');
    expect([life.phaseOf(second), life.codeOf(second)]).toEqual(['reverted', 'runner-deaths']);
  });
});

describe('after a crash', () => {
  it('right behind any write, without a network, a verified release serves', async () => {
    await device.serve(first);
    const served = (device.store as MemoryReleaseStore).history.length;
    await device.serve(second);
    await device.settle();
    await device.world.server.stop();
    const { history } = device.store as MemoryReleaseStore;
    const outcomes: string[] = [];
    for (let count = served; count <= history.length; count++) {
      const { version = '', phase = '' } = history[count - 1] ?? {};
      const life = await reborn(recordsThrough(count));
      // A release on its way in gets no further while we look: on a quick disk it would serve before we do.
      let open: () => void = () => {};
      if (phase !== 'serving' && phase !== 'settled') {
        life.engine.gates.set(version, new Promise((resolve) => (open = resolve)));
      }
      await life.reconciler.start();
      await life.until(() => life.serving() !== undefined);
      outcomes.push(`${version} ${phase}: ${life.serving()} serves`);
      open();
      await life.reconciler.stop();
    }
    expect([...new Set(outcomes)]).toEqual([
      '1.0.0 serving: 1.0.0 serves',
      '1.1.0 fetching: 1.0.0 serves',
      '1.1.0 verifying: 1.0.0 serves',
      '1.1.0 probing: 1.0.0 serves',
      '1.1.0 standby: 1.0.0 serves',
      '1.1.0 serving: 1.1.0 serves',
      '1.1.0 settled: 1.1.0 serves',
    ]);
  });

  it('an interrupted install goes on from the bytes that are there', async () => {
    await device.serve(first);
    let open: () => void = () => {};
    device.engine.gate = new Promise((resolve) => {
      open = resolve;
    });
    await device.world.repository.addRelease(second);
    await device.order(second);
    await device.until(() => device.phaseOf(second) === 'probing');
    const before = device.world.server.requests.length;
    open();
    const life = await reborn(device.store.records());
    await life.reconciler.start();
    await life.untilServing('1.1.0');
    const asked = device.world.server.requests.slice(before).filter((path) => path.startsWith('/blobs'));
    expect(asked).toEqual([]);
  });

  it('a blob that has rotted does not serve: it is fetched again', async () => {
    await device.serve(first);
    const [graph = Buffer.alloc(0)] = first.files;
    await writeFile(join(device.world.folder, 'device', 'blobs', sha256(graph)), Buffer.alloc(graph.byteLength));
    const life = await reborn();
    await life.reconciler.start();
    await life.untilServing('1.0.0');
    const history = (life.store as MemoryReleaseStore).history.map(({ phase }) => phase);
    expect(history).toEqual(['fetching', 'verifying', 'probing', 'standby', 'serving']);
  });

  it('without network and with its blobs lost, the release before it serves', async () => {
    await device.serve(first);
    await device.serve(second);
    await device.world.server.stop();
    const [graph = Buffer.alloc(0)] = second.files;
    await rm(join(device.world.folder, 'device', 'blobs', sha256(graph)));
    const life = await reborn();
    await life.reconciler.start();
    await life.untilServing('1.0.0');
    expect(life.phaseOf(second)).not.toBe('serving');
  });

  it('what served is written nowhere anew, so that a full disk does not keep it from serving', async () => {
    await device.serve(first);
    const life = await reborn();
    await life.reconciler.start();
    await life.untilServing('1.0.0');
    expect((life.store as MemoryReleaseStore).history).toEqual([]);
  });
});

describe('a withdrawal', () => {
  it('takes the release away and lets the one before serve', async () => {
    await device.serve(first);
    await device.serve(second);
    const { targets } = device.world.repository.leaf('staging-digits').signed;
    const target = targets['staging/digits/1.1.0/manifest.json'];
    if (target === undefined) throw new Error('1.1.0 is listed');
    target.custom = { withdrawn: 'it sees sheep everywhere' };
    await device.world.repository.publish('staging-digits');
    await device.trust.refresh(device.world.signal);
    device.reconciler.networkChanged();
    await device.untilServing('1.0.0');
  });
});

describe('a disk that takes no record of a swap', () => {
  it('costs no process: the runner that was to serve is stopped, and another one serves later', async () => {
    await device.serve(first);
    const store = device.store as MemoryReleaseStore;
    const { put } = store;
    store.put = (record) =>
      record.phase === 'serving' ? Promise.reject(new Error('ENOSPC')) : put.call(store, record);
    await device.world.repository.addRelease(second);
    await device.order(second);
    await device.until(() => device.engine.runners.at(-1)?.isStopped === true);
    expect(device.serving()).toBe('1.0.0');
    store.put = put;
    await device.world.clock.advance(5_000);
    await device.untilServing('1.1.0');
    const alive = device.engine.runners
      .filter(({ isStopped }) => !isStopped)
      .map(({ model }) => model.manifest.version);
    expect(alive).toEqual(['1.0.0', '1.1.0']);
  });
});

describe('orders without end', () => {
  it('leave no more records than are worth keeping', async () => {
    const names = Array.from({ length: 300 }, (_, i) =>
      installRecord(digitsRelease(`9.${i}.0`), { phase: 'refused', sinceMs: i }),
    );
    const life = await reborn(names.slice(0, 256));
    await life.reconciler.start();
    for (const name of names.slice(256)) await life.store.put(name);
    await life.serve(first);
    expect(life.store.records().length).toBeLessThanOrEqual(257);
    expect(life.serving()).toBe('1.0.0');
  });
});
