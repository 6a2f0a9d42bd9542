import { Alert, maxAlertBytes } from '@bellwether/shared/contract/alert';
import { DeviceEvent, maxEventBytes } from '@bellwether/shared/contract/event';
import { FleetReleases, maxFleetReleasesBytes } from '@bellwether/shared/contract/fleet-releases';
import { FleetRollout, maxFleetRolloutBytes } from '@bellwether/shared/contract/fleet-rollout';
import { Presence } from '@bellwether/shared/contract/presence';
import { maxReportBytes, Report } from '@bellwether/shared/contract/report';
import { maxWindowBytes, WireWindow } from '@bellwether/shared/contract/window';
import type { TSchema } from '@bellwether/shared/schema';
import type { ReadableKind } from './grant.js';

/** A kind of messages that consumers read. */
export interface MessageKind {
  readonly summary: string;
  /** With `{shard}`, `{device}` or `{id}` where they stand in it. */
  readonly topic: string;
  /** What a grant must name. */
  readonly grant: ReadableKind;
  readonly isRetained: boolean;
  /** Once inflated. */
  readonly maxBytes: number;
  readonly schema: TSchema;
}

const ofDevices = (what: 'window' | 'event' | 'report' | 'presence') =>
  ({ topic: `bw/v1/{shard}/{device}/${what}`, grant: what, isRetained: what === 'presence' }) as const;
const ofFleet = (what: 'rollouts' | 'alerts' | 'releases') =>
  ({ topic: `bw/v1/fleet/${what}/{id}`, grant: 'fleet', isRetained: true }) as const;

/** Every kind of messages that a consumer may read, by the name of its schema [W-2, W-3]. */
export const messageKinds: ReadonlyMap<string, MessageKind> = new Map<string, MessageKind>([
  [
    'window',
    {
      ...ofDevices('window'),
      summary:
        'What happened on a device in one interval; its key is (device, runId, sequence). What is left out is 0, empty or `system`',
      maxBytes: maxWindowBytes,
      schema: WireWindow,
    },
  ],
  [
    'event',
    {
      ...ofDevices('event'),
      summary: 'One thing that happened on a device; its key is (device, runId, sequence)',
      maxBytes: maxEventBytes,
      schema: DeviceEvent,
    },
  ],
  [
    'report',
    {
      ...ofDevices('report'),
      summary: 'What a device says it runs; the newest counts',
      maxBytes: maxReportBytes,
      schema: Report,
    },
  ],
  [
    'presence',
    {
      ...ofDevices('presence'),
      summary: 'Whether a device is connected; the last will says when it is not',
      maxBytes: 1024,
      schema: Presence,
    },
  ],
  [
    'rollout',
    {
      ...ofFleet('rollouts'),
      summary: 'Where a rollout is; until a week after its end',
      maxBytes: maxFleetRolloutBytes,
      schema: FleetRollout,
    },
  ],
  [
    'releases',
    {
      ...ofFleet('releases'),
      summary: 'The releases of a model, and on how many devices each serves',
      maxBytes: maxFleetReleasesBytes,
      schema: FleetReleases,
    },
  ],
  [
    'alert',
    {
      ...ofFleet('alerts'),
      summary: 'An alert, from its opening until a week after it was resolved',
      maxBytes: maxAlertBytes,
      schema: Alert,
    },
  ],
]);

/** A kind's JSON Schema (draft-07) as a document of its own; undefined when there is no such kind. */
export function schemaDocument(name: string): Readonly<Record<string, unknown>> | undefined {
  const kind = messageKinds.get(name);
  if (kind === undefined) return undefined;
  const about = { $schema: 'http://json-schema.org/draft-07/schema#', $id: `urn:bellwether:v1:${name}`, title: name };
  return { ...about, description: kind.summary, ...kind.schema };
}
