import type { TimelineEvent } from '@bellwether/control-plane/timeline/timeline-api';

/** What a timeline is of. */
export interface TimelineAbout {
  readonly device?: string;
  readonly rollout?: string;
}

/** Kinds that a person looks at together. */
export const kindGroups: ReadonlyArray<readonly [name: string, text: string, kinds: readonly string[]]> = [
  ['all', 'everything', []],
  [
    'trouble',
    'trouble',
    [
      'order-refused',
      'release-refused',
      'release-reverted',
      'release-withdrawn',
      'canary-tripped',
      'runner-died',
      'telemetry-lost',
      'throttled',
      'clone',
      'receipt-refused',
      'window-conflict',
      'event-conflict',
      'device-flooding',
      'alert-opened',
    ],
  ],
  [
    'releases',
    'releases and canaries',
    [
      'install-phase',
      'release-serving',
      'release-settled',
      'release-refused',
      'release-reverted',
      'model-stopped',
      'canary-ready',
      'canary-dropped',
      'canary-tripped',
      'release-published',
      'release-approved',
      'release-withdrawn',
    ],
  ],
  [
    'rollouts',
    'orders and rollouts',
    [
      'order-issued',
      'order-accepted',
      'order-refused',
      'rollout-created',
      'rollout-step',
      'rollout-phase',
      'rollout-decision',
      'verdict',
    ],
  ],
  [
    'machine',
    'the machine and its connection',
    [
      'device-online',
      'device-offline',
      'agent-started',
      'agent-stopping',
      'host-rebooted',
      'system-changed',
      'clock-jumped',
      'throttled',
      'settings-changed',
      'telemetry-lost',
    ],
  ],
];

/** The kinds of a group; none for all. */
export function kindsOf(group: string): readonly string[] {
  return kindGroups.find(([name]) => name === group)?.[2] ?? [];
}

/** Rows that the page holds at most; older ones are asked for. */
const maxRows = 500;

/** What was asked for and what has come since, newest first, each once: no row from before what was asked for begins. */
export function mergedRows(
  asked: readonly TimelineEvent[],
  live: readonly TimelineEvent[],
  { about, group }: { readonly about: TimelineAbout; readonly group: string },
): readonly TimelineEvent[] {
  const kinds = kindsOf(group);
  const newest = Math.max(0, ...asked.map(({ id }) => id));
  const news = live.filter(
    ({ id, device, rollout }) =>
      id > newest &&
      (about.device === undefined || device === about.device) &&
      (about.rollout === undefined || rollout === about.rollout),
  );
  // What was asked for may be the answer to the choice before.
  const chosen = [...news, ...asked].filter(({ kind }) => kinds.length === 0 || kinds.includes(kind));
  return chosen.sort((a, b) => b.atMs - a.atMs || b.id - a.id).slice(0, maxRows);
}

/** Whether rows are missing between those that were asked for, up to `newest`, and those that came since: the page keeps the last ones only. */
export function beginsAfter(live: readonly TimelineEvent[], newest: number): boolean {
  return live.length > 0 && Math.min(...live.map(({ id }) => id)) > newest + 1;
}
