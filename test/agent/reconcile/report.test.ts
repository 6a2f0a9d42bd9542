import { describe, expect, it } from 'vitest';
import type { InstallRecord, ReleaseRef } from '@bellwether/agent/installs/install-record';
import type { Observed, ObservedModel } from '@bellwether/agent/reconcile/observed';
import { isReady, makeReport, type ReportCase, type ReportContent } from '@bellwether/agent/reconcile/report';
import { decodeReport } from '@bellwether/shared/contract/report';
import { digitsRelease, installRecord, orderDigest } from '../../support/installs.js';
import { deviceNamed } from '../../support/signed-order.js';

const first = digitsRelease('1.0.0');
const second = digitsRelease('1.1.0');
const now = orderDigest('now');

const install = (release: ReleaseRef, changes: Partial<InstallRecord>, listing: 'listed' | 'withdrawn' = 'listed') => ({
  record: installRecord(release, changes),
  listing,
  waitMs: 0,
  waitCode: null,
});
const settled = install(first, { phase: 'settled', servedOrdinal: 1 });
const serving = { release: first, servedMs: 5, calls: 0 };
const refused = (code: string) =>
  install(second, { phase: 'refused', verdict: { code, message: 'why', order: now, atMs: 7 } });

function observed(...models: readonly Partial<ObservedModel>[]): Observed {
  const nothing = {
    model: 'digits',
    ordered: null,
    entry: now,
    installs: [],
    serving: null,
    isOpen: false,
    standby: null,
    canary: null,
    trial: null,
  };
  return {
    order: now,
    models: models.map((model) => ({ ...nothing, isOpen: (model.serving ?? null) !== null, ...model })),
    probation: { minutes: 10, calls: 100, maxHours: 24 },
    onNoAllowedRelease: 'keep',
  };
}

function report(from: Observed, changes: Partial<ReportCase> = {}): ReportContent {
  const content = makeReport({
    identity: {
      device: deviceNamed('meadow').id,
      runId: '0'.repeat(32),
      bootId: 'boot',
      agent: { version: '0.1.0', node: '20', platform: 'linux', arch: 'x64' },
      stage: 'production',
    },
    development: false,
    accepted: null,
    metadata: null,
    auditHead: null,
    observed: from,
    orderRefusal: null,
    servingSinceMs: () => 1234.5,
    progress: null,
    isDiskUnwritable: false,
    ...changes,
  });
  // Every report of these tests must be one that the server can read.
  decodeReport(Buffer.from(JSON.stringify({ ...content, sequence: 0, atMs: 0, receipt: null })));
  return content;
}

describe('the report', () => {
  it('says that what was ordered was withdrawn after it was installed, and is held [T-9]', () => {
    const withdrawn = install(second, { phase: 'settled', servedOrdinal: 2 }, 'withdrawn');
    const content = report(observed({ ordered: second, serving, installs: [settled, withdrawn] }));
    expect(content).toMatchObject({ state: 'held', health: 'degraded' });
    expect(content.models).toMatchObject([
      { serving: { version: '1.0.0' }, refusal: { version: '1.1.0', code: 'withdrawn', kind: 'permanent' } },
    ]);
  });

  it('of a device without an order is converged, and not ready', () => {
    expect(report(observed())).toMatchObject({ state: 'converged', health: 'ok', models: [], observed: null });
    expect(isReady({ ...observed(), order: null })).toBe(false);
  });

  it('of a device that serves what is ordered is converged', () => {
    const from = observed({ ordered: first, serving, installs: [settled] });
    expect(report(from)).toMatchObject({
      state: 'converged',
      health: 'ok',
      models: [{ serving: { version: '1.0.0', sinceMs: 1235, phase: 'settled' }, install: null, refusal: null }],
    });
    expect(isReady(from)).toBe(true);
  });

  it('calls a release that has not settled one in probation', () => {
    const installs = [install(first, { phase: 'serving', servedOrdinal: 1 })];
    expect(report(observed({ ordered: first, serving, installs })).models[0]?.serving?.phase).toBe('probation');
  });

  it('tells the phase and the bytes of an install, while the old release serves', () => {
    const from = observed({ ordered: second, serving, installs: [settled, install(second, { phase: 'fetching' })] });
    const progress = { release: second, bytes: 10, totalBytes: 40 };
    expect(report(from, { progress })).toMatchObject({
      state: 'working',
      health: 'ok',
      models: [
        { serving: { version: '1.0.0' }, install: { version: '1.1.0', phase: 'fetching', bytes: 10, totalBytes: 40 } },
      ],
    });
    expect(report(from, { progress: { ...progress, release: first } }).models[0]?.install).not.toHaveProperty('bytes');
  });

  it.each([
    ['golden', 'permanent'],
    ['disk', 'passing'],
  ])('tells a refusal for %s as %s; the device is held and degraded while the old release serves', (code, kind) => {
    expect(report(observed({ ordered: second, serving, installs: [settled, refused(code)] }))).toMatchObject({
      state: 'held',
      health: 'degraded',
      models: [{ refusal: { version: '1.1.0', code, message: 'why', atMs: 7, kind } }],
    });
  });

  it('is critical when nothing serves and what is ordered is refused', () => {
    const from = observed({ ordered: second, installs: [refused('golden')] });
    expect(report(from)).toMatchObject({ state: 'held', health: 'critical' });
    expect(isReady(from)).toBe(false);
  });

  it('is degraded, not critical, while the first release is on its way', () => {
    expect(report(observed({ ordered: second }))).toMatchObject({ state: 'working', health: 'degraded' });
  });

  it('is critical when what serves was withdrawn and is kept', () => {
    const withdrawn = install(first, { phase: 'settled', servedOrdinal: 1 }, 'withdrawn');
    expect(report(observed({ ordered: first, serving, installs: [withdrawn] })).health).toBe('critical');
  });

  it('is as bad as its worst model', () => {
    const good = { ordered: first, serving, installs: [settled] };
    const bad = { model: 'vad', ordered: { ...second, model: 'vad' } };
    expect(report(observed(good, bad))).toMatchObject({ state: 'working', health: 'degraded' });
    expect(report(observed(bad, good))).toMatchObject({ state: 'working', health: 'degraded' });
  });

  it('is working until a model that is no longer ordered has stopped', () => {
    expect(report(observed({ serving, installs: [settled] })).state).toBe('working');
    expect(report(observed({ installs: [settled] })).state).toBe('converged');
  });
});
