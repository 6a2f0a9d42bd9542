import type { Log } from '@bellwether/shared/log';
import type { AlertFacts } from '../alerts/alert-facts.js';
import type { Fleet } from '../fleet/fleet.js';
import { manifestsServed } from '../fleet/release-view.js';
import type { LiveFeed } from '../http/live-feed.js';
import type { Conductor } from '../rollouts/conductor.js';
import type { Decoded } from './device-message.js';
import type { DriftMonitor } from './drift/drift-monitor.js';
import type { LiveBoard } from './live-board.js';
import type { RollUps } from './roll-ups.js';

interface ArrivalParts {
  readonly fleet: Fleet;
  readonly live: LiveBoard;
  readonly feed: LiveFeed;
  readonly conductor: Conductor;
  readonly rollUps: RollUps;
  readonly drift: Pick<DriftMonitor, 'take'>;
  readonly facts: AlertFacts;
  readonly log: Log;
}

/** What a committed message means to the other rooms. Everything here can be made again from the database. */
export function spreadArrivals({ fleet, live, feed, conductor, rollUps, drift, facts, log }: ArrivalParts) {
  return (device: string, message: Decoded, seenAtMs: number): void => {
    switch (message.kind) {
      case 'window':
        live.add(message.value);
        rollUps.add({ window: message.value, arms: message.arms, arrivedAtMs: seenAtMs });
        drift.take(device, message.value);
        facts.window(message.value, message.arms, seenAtMs);
        fleet.apply(device, { seenAtMs });
        conductor.counted(device, message.value, seenAtMs);
        break;
      case 'event':
        facts.event(message.value, seenAtMs);
        fleet.apply(device, { seenAtMs });
        break;
      case 'report': {
        facts.report(message.value, seenAtMs);
        const before = servedBy(fleet, device);
        fleet.apply(device, { seenAtMs, report: message.value });
        if (servedBy(fleet, device) !== before) feed.releasesChanged();
        break;
      }
      case 'presence':
        fleet.apply(device, { seenAtMs, presence: message.value });
        break;
    }
    feed.deviceChanged(device);
    if (message.kind === 'report' || message.kind === 'presence') {
      conductor.heardFrom(device).catch((cause: unknown) => {
        log.error({ err: cause, device }, 'An order could not be brought up to date; the next report tries again');
      });
    }
  };
}

function servedBy(fleet: Fleet, id: string): string {
  const device = fleet.find(id);
  return device === undefined ? '' : manifestsServed(device).join();
}
