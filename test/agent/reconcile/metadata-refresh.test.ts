import { expect, it } from 'vitest';
import { MetadataRefresh } from '@bellwether/agent/reconcile/metadata-refresh';
import type { MetadataVersions } from '@bellwether/agent/trust/device-trust';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from '../../support/manual-clock.js';

const known: MetadataVersions = { root: 1, targets: 1, snapshot: 1, timestamp: 1 };

/** Refreshes begun, and when: seconds since the start. */
function started(versions: MetadataVersions | null) {
  const clock = new ManualClock();
  const asked: number[] = [];
  const trust = {
    versions,
    refresh: async () => {
      asked.push(clock.now().monotonicMs / 1000);
    },
  };
  const refresh = new MetadataRefresh({
    trust,
    meetServer: async () => {},
    onRefreshed: () => {},
    clock,
    random: () => 0.5,
    log: silentLog,
  });
  refresh.start();
  return { clock, asked, refresh };
}

it('asks a minute after the start, and then every six hours', async () => {
  const { clock, asked, refresh } = started(known);
  await clock.advance(59_000);
  expect(asked).toEqual([]);
  await clock.advance(1000);
  await clock.advance(6 * 3_600_000);
  expect(asked).toEqual([60, 60 + 6 * 3600]);
  await refresh.stop();
});

it('asks at once when there is no metadata to serve from', async () => {
  const { clock, asked, refresh } = started(null);
  await clock.advance(0);
  expect(asked).toEqual([0]);
  await refresh.stop();
});
