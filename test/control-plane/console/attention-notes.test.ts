import { expect, it } from 'vitest';
import { attentionNotes } from '@bellwether/control-plane/console/attention-notes';
import { idOf, serverStatus } from '../../support/operator-views.js';

const dayMs = 86_400_000;

it('nothing is to be seen to where nothing waits and nothing runs out', () => {
  expect(attentionNotes(serverStatus(), 0)).toEqual([]);
});

it('what is to be seen to comes with where, or with what to run, the worst first', () => {
  const status = serverStatus({
    pending: { releases: ['digits@1.1.0'], devices: ['a', 'b'], deviceKeys: [] },
    waitingRollouts: [{ id: 'r7', release: 'digits@1.2.0', why: 'paused by operator:admin' }],
    clones: [{ device: idOf('barn'), atMs: 0 }],
    webhooks: [{ name: 'pager', sinceMs: 0, isDisabled: true, problem: 'it answered 410' }],
    telemetryShort: { megabytes: 64 },
    expiring: [
      { role: 'targets', expiresAtMs: 9 * dayMs },
      { role: 'staging-digits', expiresAtMs: 12.5 * dayMs },
      { role: 'timestamp', expiresAtMs: 10 * dayMs + 1 },
    ],
  });
  expect(attentionNotes(status, 10 * dayMs)).toEqual([
    {
      tone: 'bad',
      sentence: 'barn has a clone: another machine holds its key, or it was set back.',
      href: `#/devices/${idOf('barn')}`,
    },
    {
      tone: 'bad',
      sentence: 'The signature of targets is no longer valid: devices install nothing new.',
      command: 'bellwether keys renew targets --key …',
    },
    {
      tone: 'warning',
      sentence: 'The signature of staging-digits runs out in 2 days.',
      command: 'bellwether keys renew staging-digits --key …',
    },
    { tone: 'warning', sentence: 'The signature of timestamp runs out in 0 minutes.' },
    {
      tone: 'bad',
      sentence: 'The webhook pager is disabled, so nobody is told of alerts there: it answered 410.',
      command: 'bellwether webhooks test pager',
    },
    {
      tone: 'warning',
      sentence: 'Windows of the last hour are deleted for want of room: 64 MB are too little for this fleet.',
      command: 'bellwether serve --telemetry-mb …',
    },
    {
      tone: 'warning',
      sentence: 'The rollout of digits@1.2.0 waits for a person: paused by operator:admin.',
      href: '#/rollouts/r7',
    },
    { tone: 'warning', sentence: 'Waiting for approval: 1 release, 2 new devices.', href: '#/approvals' },
  ]);
});
