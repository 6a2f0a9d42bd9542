import { expect, it } from 'vitest';
import { attentionLines } from '@bellwether/control-plane/cli/status-verb';

const pending = { releases: [], devices: [], deviceKeys: [] };
const quiet = {
  pending,
  waitingRollouts: [],
  clones: [],
  expiring: [],
  webhooks: [],
  telemetryShort: null,
  alerts: [],
};

it('bellwether status says what waits for a person, with the verb that ends it, and what is about to go wrong', () => {
  const lines = attentionLines({
    pending: { releases: ['digits@1.1.0'], devices: ['barn-1'], deviceKeys: ['mill-2'] },
    waitingRollouts: [{ id: 'r7', release: 'digits@1.2.0', why: 'step 3 of 6 needs an approval' }],
    clones: [{ device: 'shed-3', atMs: 0 }],
    expiring: [{ role: 'targets', expiresAtMs: 86_400_000 }],
    webhooks: [
      { name: 'pager', sinceMs: 0, isDisabled: true, problem: 'it answered 410' },
      { name: 'chat', sinceMs: 0, isDisabled: false, problem: 'no answer within 10 s' },
    ],
    telemetryShort: { megabytes: 64 },
    alerts: [
      { state: 'open', severity: 'critical', isSilenced: false },
      { state: 'open', severity: 'warning', isSilenced: false },
      { state: 'open', severity: 'critical', isSilenced: true },
      { state: 'resolved', severity: 'critical', isSilenced: false },
    ],
  });
  expect(lines.map((line) => line.join(': '))).toEqual([
    'to approve: bellwether release approve digits@1.1.0 --key …',
    'to let in: bellwether device approve barn-1 --fingerprint …',
    'other key: bellwether device approve-key mill-2 --fingerprint …',
    'rollout: r7 of digits@1.2.0: step 3 of 6 needs an approval: bellwether rollout explain r7',
    'CLONE: shed-3: another machine has its key, 1970-01-01 00:00:00 UTC',
    'alerts: 2 open, 1 of them critical: bellwether alerts',
    'webhook: pager is disabled, and has failed since 1970-01-01 00:00:00 UTC: it answered 410: bellwether webhooks test pager',
    'webhook: chat fails since 1970-01-01 00:00:00 UTC: no answer within 10 s: bellwether webhooks test chat',
    'telemetry: windows of the last hour go: --telemetry-mb 64 is too little',
    'runs out: targets, 1970-01-02 00:00:00 UTC',
  ]);
  expect(attentionLines(quiet)).toEqual([['waiting', 'nothing']]);
});
