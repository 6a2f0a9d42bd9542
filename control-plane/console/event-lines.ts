import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';

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

/** Told by the device once more, or by its own row. */
const unsaid: ReadonlySet<string> = new Set(['install-phase', 'order-issued']);

/** What happened, newest first, equal things joined. The phases of an install are left to the device's own row, orders to its answer. */
export function eventLines(events: readonly TimelineEvent[]): readonly EventLine[] {
  const lines: OpenLine[] = [];
  const open = new Map<string, OpenLine>();
  for (const event of events) {
    if (unsaid.has(event.kind)) continue;
    const sentence = sentenceOf(event);
    const key = `${event.code} ${sentence}`;
    const known = open.get(key);
    if (known !== undefined && known.oldestMs - event.atMs <= togetherMs) {
      if (event.device !== null && !known.devices.includes(event.device)) known.devices.push(event.device);
      known.times++;
      known.oldestMs = Math.min(known.oldestMs, event.atMs);
      continue;
    }
    const { atMs, device, code } = event;
    const devices = device === null ? [] : [device];
    const line = { atMs, devices, times: 1, sentence, code, tone: toneOf(event), oldestMs: atMs };
    open.set(key, line);
    lines.push(line);
  }
  return lines;
}

/** What a device did, to be read after its name; what is about none, by itself. */
export function sentenceOf({ device, kind, rollout, release, message }: TimelineEvent): string {
  if (device === null) return [rollout, rollout === null && release, message].filter(Boolean).join(' ');
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
    case 'device-online':
      return 'came online';
    case 'device-offline':
      return 'went offline';
    case 'install-phase':
      return `install of ${what}: ${message}`;
    default: {
      // What the message says need not be said twice.
      const about = [kind.replaceAll('-', ' '), release !== null && !message.includes(release) && release];
      return [about.filter(Boolean).join(' '), message].filter(Boolean).join(': ');
    }
  }
}

export function toneOf({ kind, code }: Pick<TimelineEvent, 'kind' | 'code'>): EventLine['tone'] {
  if (/refused|reverted|died|lost|tripped|withdrawn|clone|conflict|flood/.test(kind)) return 'bad';
  if (code === 'harm' || code === 'rolling-back' || code === 'fail') return 'bad';
  return /serving|settled/.test(kind) ? 'good' : 'plain';
}
