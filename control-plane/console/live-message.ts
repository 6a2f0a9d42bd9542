import type { DeviceView, ReleaseView } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { Overview, ServerStatus } from '@bellwether/control-plane/http/status-api';
import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import type { Alert } from '@bellwether/shared/contract/alert';

/** What the server sends, by the event's name. */
interface LivePayloads {
  readonly overview: Overview;
  readonly device: DeviceView;
  readonly release: ReleaseView;
  readonly rollout: RolloutView;
  readonly alert: Alert;
  readonly event: TimelineEvent;
  readonly status: ServerStatus;
}

/** One message of the live feed: `{ name: 'device', payload: DeviceView }`. */
export type LiveMessage = {
  readonly [Name in keyof LivePayloads]: { readonly name: Name; readonly payload: LivePayloads[Name] };
}[keyof LivePayloads];

const names: ReadonlySet<string> = new Set<keyof LivePayloads>([
  'overview',
  'device',
  'release',
  'rollout',
  'alert',
  'event',
  'status',
]);

/** Reads a message; undefined when this page does not know its name. The server is ours and of one build with this page, so that shapes are taken as given. */
export function readLiveMessage(name: string, data: string): LiveMessage | undefined {
  return names.has(name) ? ({ name, payload: JSON.parse(data) as unknown } as LiveMessage) : undefined;
}
