import { batch, computed, signal } from '@preact/signals';
import type { DeviceView, ReleaseView } from '@bellwether/control-plane/http/operator-api';
import type { RolloutView } from '@bellwether/control-plane/http/rollout-api';
import type { ServerStatus } from '@bellwether/control-plane/http/status-api';
import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';
import type { Alert } from '@bellwether/shared/contract/alert';
import { type FleetSample, sampleOf } from './fleet-sample.js';
import type { LiveMessage } from './live-message.js';
import type { Place } from './place.js';
import { releaseColours } from './release-colour.js';
import { servedBy } from './served-releases.js';
import type { Who } from './session.js';

/** How the page stands to the server: `refused` is a token that it does not know. */
export type Connection = 'connecting' | 'live' | 'lost' | 'signed-out' | 'refused';

/** Five minutes. */
const keptSamples = 300;
const keptEvents = 300;
const keptAlerts = 500;

/** What the page knows, as signals. The live feed writes it; `place` is the address's. */
export class FleetState {
  readonly connection = signal<Connection>('connecting');
  /** Who is signed in. */
  readonly who = signal<Who | null>(null);
  readonly status = signal<ServerStatus | null>(null);
  readonly devices = signal<ReadonlyMap<string, DeviceView>>(new Map());
  readonly releases = signal<ReadonlyMap<string, ReleaseView>>(new Map());
  /** Newest first, as the events. */
  readonly rollouts = signal<readonly RolloutView[]>([]);
  readonly alerts = signal<readonly Alert[]>([]);
  readonly events = signal<readonly TimelineEvent[]>([]);
  readonly samples = signal<readonly FleetSample[]>([]);
  readonly nowMs = signal(0);
  /** The page that is open. */
  readonly place = signal<Place>({ path: '', subject: null });

  /** The releases of the catalogue, and whatever else is served. */
  readonly #names = computed(() => {
    const served = [...this.devices.value.values()].flatMap(servedBy);
    return [...new Set([...this.releases.value.keys(), ...served])].join('\n');
  });
  /** Each release's colour; made anew only when there is another release. */
  readonly colours = computed(() => releaseColours(this.#names.value.split('\n')));

  /** Takes what arrived together: whoever looks at the state looks once. */
  take(messages: readonly LiveMessage[]): void {
    const devices = new Map(this.devices.value);
    batch(() => {
      for (const message of messages) this.#takeOne(message, devices);
      if (messages.some(({ name }) => name === 'device' || name === 'overview')) this.devices.value = devices;
    });
  }

  /** Called once a second: time goes on also when nothing arrives, and what is not known leaves a gap. */
  sample(atMs: number): void {
    const measured = this.connection.value === 'live' ? this.devices.value.values() : [];
    batch(() => {
      this.nowMs.value = atMs;
      this.samples.value = [...this.samples.value, sampleOf(measured, atMs)].slice(-keptSamples);
    });
  }

  #takeOne({ name, payload }: LiveMessage, devices: Map<string, DeviceView>): void {
    switch (name) {
      case 'overview':
        // Not before: until then the page shows what was before the connection was lost, or nothing.
        this.connection.value = 'live';
        this.status.value = payload.status;
        devices.clear();
        for (const device of payload.devices) devices.set(device.id, device);
        this.releases.value = new Map(payload.releases.map((release) => [release.release, release]));
        this.rollouts.value = payload.rollouts;
        this.alerts.value = payload.alerts;
        this.events.value = payload.events.slice(0, keptEvents);
        return;
      case 'status':
        this.status.value = payload;
        return;
      case 'device':
        devices.set(payload.id, payload);
        return;
      case 'release':
        this.releases.value = new Map(this.releases.value).set(payload.release, payload);
        return;
      case 'rollout': {
        const others = this.rollouts.value.filter(({ id }) => id !== payload.id);
        this.rollouts.value = [payload, ...others].sort((a, b) => b.createdAtMs - a.createdAtMs);
        return;
      }
      case 'alert': {
        const others = this.alerts.value.filter(({ id }) => id !== payload.id);
        this.alerts.value = [payload, ...others].sort((a, b) => b.openedAtMs - a.openedAtMs).slice(0, keptAlerts);
        return;
      }
      case 'event':
        // What happens while the overview is taken is told twice.
        if (this.events.value.some(({ id }) => id === payload.id)) return;
        this.events.value = [payload, ...this.events.value].slice(0, keptEvents);
    }
  }
}
