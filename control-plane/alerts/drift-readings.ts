import type { Device } from '../fleet/device.js';
import type { DriftFinding, DriftSubject, WatchedLabel } from '../telemetry/drift/drift-finding.js';
import type { Reading } from './reading.js';
import { hasLabel, isAbout } from './trouble-facts.js';

/** Watched values that a sentence names. */
const namedStreams = 3;
/** With fewer rows the devices of a label have no say in whether they drift. */
const minRows = 200;

export interface DriftSight {
  readonly findings: readonly DriftFinding[];
  /** The labels that releases are watched on. */
  readonly watched: readonly WatchedLabel[];
  /** The devices that are in. */
  readonly devices: readonly Device[];
}

/** All findings of one kind about one release on one subject. */
interface Group {
  readonly first: DriftFinding;
  readonly findings: DriftFinding[];
}

/**
 * What has drifted, as readings: of a release or a label one for all its values, and one for each of its devices. `value`: how
 * many values have drifted. A label is left out where the release says the same: it drifts as a whole, and so does every other
 * value of that label that has rows enough. The devices are those that drift by themselves, or where none does, all that
 * serve the release, of the label where it is one's: it is found over all of them together.
 */
export function* driftReadings({ findings, watched, devices }: DriftSight): Generator<Reading> {
  const groups = groupsOf(findings);
  const drifts = (like: DriftFinding, subject: DriftSubject): boolean => groups.has(keyOf({ ...like, subject }));
  const alone = devicesAlone(findings);
  // Thousands of devices, asked for each label at every look: the release is looked for once.
  const ofRelease = new Map<string, readonly Device[]>();
  const servingOf = (model: string, version: string): readonly Device[] => {
    const release = `${model}@${version}`;
    const known = ofRelease.get(release) ?? devices.filter((device) => isAbout(device, { model, version }));
    ofRelease.set(release, known);
    return known;
  };
  for (const group of groups.values()) {
    const { first } = group;
    const { subject, model, version } = first;
    if (subject.level === 'device') {
      yield readingOf(group, subject.device);
      continue;
    }
    const label = subject.level === 'label' ? subject.label : undefined;
    if (label !== undefined && drifts(first, { level: 'release' })) {
      const others = watched.filter((each) => each.rows >= minRows && isOtherValue(each, { model, version, label }));
      if (others.every((other) => drifts(first, { level: 'label', label: other.label }))) continue;
    }
    yield readingOf(group, null);
    const serving = servingOf(model, version).filter((device) => hasLabel(device, label));
    const own = serving.filter(({ id }) => alone.get(releaseKey(first))?.has(id) === true);
    // That it is found over all of them together is said once, in detail.
    const { detail: _, ...together } = readingOf(group, null);
    if (own.length === 0) for (const { id } of serving) yield { ...together, device: id, isOfAll: true };
    // Of the release as a whole each of them is read by itself.
    else if (label !== undefined) for (const { id } of own) yield readingOf(group, id);
  }
}

/** Devices that drift by themselves, by releaseKey(). */
function devicesAlone(findings: readonly DriftFinding[]): ReadonlyMap<string, ReadonlySet<string>> {
  const alone = new Map<string, Set<string>>();
  for (const finding of findings) {
    if (finding.subject.level !== 'device') continue;
    const key = releaseKey(finding);
    alone.set(key, (alone.get(key) ?? new Set<string>()).add(finding.subject.device));
  }
  return alone;
}

function groupsOf(findings: readonly DriftFinding[]): ReadonlyMap<string, Group> {
  const groups = new Map<string, Group>();
  for (const finding of findings) {
    const key = keyOf(finding);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { first: finding, findings: [finding] });
    else group.findings.push(finding);
  }
  return groups;
}

type About = Pick<DriftFinding, 'kind' | 'model' | 'version'>;

function releaseKey({ kind, model, version }: About): string {
  return `${kind} ${model} ${version}`;
}

function keyOf({ subject, ...about }: About & Pick<DriftFinding, 'subject'>): string {
  const name = subject.level === 'device' ? subject.device : subject.level === 'label' ? subject.label : '';
  return `${releaseKey(about)} ${subject.level} ${name}`;
}

/** `site=b` is another value of `site=a`. */
function isOtherValue(
  watched: WatchedLabel,
  { model, version, label }: { readonly model: string; readonly version: string; readonly label: string },
): boolean {
  const key = label.slice(0, label.indexOf('=') + 1);
  return (
    watched.model === model && watched.version === version && watched.label !== label && watched.label.startsWith(key)
  );
}

function readingOf({ first, findings }: Group, device: string | null): Reading {
  const { kind, model, version, subject } = first;
  return {
    rule: kind === 'shift' ? 'drift' : 'accuracy-estimate',
    subject: { model, version, ...(subject.level === 'label' && { label: subject.label }) },
    device,
    value: findings.length,
    sinceMs: findings.reduce((least, { sinceMs }) => Math.min(least, sinceMs), Number.POSITIVE_INFINITY),
    detail: detailOf(findings),
  };
}

/** Which values; not how far they are off, which changes with every look. */
function detailOf(group: readonly DriftFinding[]): string {
  const streams = group.flatMap((finding) => (finding.kind === 'shift' ? [finding.stream] : [])).toSorted();
  const more = streams.length - namedStreams;
  if (streams.length > 0) return `${streams.slice(0, namedStreams).join(', ')}${more > 0 ? ` and ${more} more` : ''}`;
  const [first] = group;
  if (first?.kind !== 'accuracy-estimate') return '';
  return `${percent(first.accuracy)} instead of ${percent(first.referenceAccuracy)} on its reference`;
}

/** To five percent: an estimate has no more to say, and a sentence should not change with each look. */
function percent(share: number): string {
  return `about ${Math.round(share * 20) * 5} %`;
}
