import type { TimelineEvent } from '@bellwether/control-plane/http/operator-api';

/** One line of the list: the same thing, told by one or many devices within a short time. */
export interface EventLine {
  /** Of the newest. */
  readonly atMs: number;
  /** Ids, the newest first, each once. */
  readonly devices: readonly string[];
  /** How often it was told. */
  readonly times: number;
  readonly sentence: string;
  readonly code: string | null;
  readonly tone: 'good' | 'bad' | 'plain';
}

/** A fleet does the same thing within moments; what comes later is told anew. */
const togetherMs = 5_000;

interface OpenLine extends EventLine {
  readonly devices: string[];
  times: number;
  oldestMs: number;
}

/** What happened, newest first, equal things joined. The phases of an install are left to the device's own row. */
export function eventLines(events: readonly TimelineEvent[]): readonly EventLine[] {
  const lines: OpenLine[] = [];
  const open = new Map<string, OpenLine>();
  for (const event of events) {
    if (event.kind === 'install-phase') continue;
    const sentence = sentenceOf(event);
    const key = `${event.code} ${sentence}`;
    const known = open.get(key);
    if (known !== undefined && known.oldestMs - event.atMs <= togetherMs) {
      if (!known.devices.includes(event.device)) known.devices.push(event.device);
      known.times++;
      known.oldestMs = Math.min(known.oldestMs, event.atMs);
      continue;
    }
    const { atMs, device, code, kind } = event;
    const line = { atMs, devices: [device], times: 1, sentence, code, tone: toneOf(kind), oldestMs: atMs };
    open.set(key, line);
    lines.push(line);
  }
  return lines;
}

function sentenceOf({ kind, release, message }: TimelineEvent): string {
  const what = release ?? 'a release';
  switch (kind) {
    case 'agent-started':
      return `started: ${message}`;
    case 'agent-stopping':
      return `stopping: ${message}`;
    case 'order-accepted':
      return `took an order: ${message}`;
    case 'order-refused':
      return `refused an order: ${message}`;
    case 'release-refused':
      return `refused ${what}: ${message}`;
    case 'release-serving':
      return `now serving ${what}`;
    case 'release-settled':
      return `settled on ${what}: ${message}`;
    case 'release-reverted':
      return `went back from ${what}: ${message}`;
    case 'model-stopped':
      return `stopped ${what}: ${message}`;
    case 'canary-ready':
      return `canary ${what} is up: ${message}`;
    case 'canary-dropped':
      return `canary ${what} is gone: ${message}`;
    case 'canary-tripped':
      return `switched canary ${what} off without being told: ${message}`;
    case 'runner-died':
      return `lost the runner of ${what}: ${message}`;
    default:
      return [kind, release, message].filter(Boolean).join(' ');
  }
}

function toneOf(kind: string): EventLine['tone'] {
  if (/refused|reverted|died|lost|tripped/.test(kind)) return 'bad';
  return /serving|settled/.test(kind) ? 'good' : 'plain';
}
