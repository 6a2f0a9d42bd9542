/** A row for the timeline as whoever has something to tell writes it. */
export interface TimelineEntry {
  /** What it is told under: a second entry with the same source, run, sequence and device is dropped, so that nothing is told twice after a restart. */
  readonly key: { readonly source: string; readonly run: string; readonly sequence: number };
  readonly kind: string;
  /** When it happened, by the clock of whoever tells it; wall milliseconds. */
  readonly atMs: number;
  /** When the server took it. */
  readonly arrivedAtMs: number;
  readonly message: string;
  readonly device?: string | undefined;
  readonly actor?: string | undefined;
  readonly model?: string | undefined;
  /** `digits@1.1.0`; its model need not be said. */
  readonly release?: string | undefined;
  readonly rollout?: string | undefined;
  /** `site=a` */
  readonly label?: string | undefined;
  readonly code?: string | undefined;
  /** Of the bytes that a device sent. */
  readonly digest?: string | undefined;
}

/** Where rows are told. Call it inside the transaction that stores what they tell of: the one is not there without the other. */
export interface Timeline {
  /** False: it was told before. */
  add(entry: TimelineEntry): boolean;
}

/** For rooms that are tried without one. */
export const noTimeline: Timeline = { add: () => true };

const maxAgeMs = 366 * 86_400_000;
const maxMessageLength = 1000;

/**
 * Where an entry stands in the timeline: at its own time, unless that lies in the future or more than a year back; then the clock
 * that told it stands wrong, and it stands where it arrived.
 */
export function timeOf({ atMs, arrivedAtMs }: Pick<TimelineEntry, 'atMs' | 'arrivedAtMs'>): number {
  return atMs > arrivedAtMs || atMs < arrivedAtMs - maxAgeMs ? arrivedAtMs : atMs;
}

/** The row of an entry: texts no longer than a row holds. */
export function rowOf(entry: TimelineEntry) {
  const { key, kind, atMs, arrivedAtMs, message, device = '', release = null } = entry;
  const [ofRelease = null, version = null] = release?.split('@') ?? [];
  const { actor = null, rollout = null, label = null, code = null, digest = '' } = entry;
  return {
    device,
    source: key.source,
    runId: key.run,
    sequence: key.sequence,
    digest,
    atMs,
    arrivedAtMs,
    timeMs: timeOf(entry),
    kind: kind.slice(0, 40),
    actor,
    model: entry.model ?? ofRelease,
    release,
    version,
    rollout,
    label,
    code,
    message: message.slice(0, maxMessageLength),
  };
}
