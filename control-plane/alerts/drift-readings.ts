import type { DriftFinding, DriftSubject } from '../telemetry/drift/drift-finding.js';
import type { Reading } from './reading.js';

/** Watched values that a sentence names. */
const namedStreams = 3;

/** What has drifted, as readings: of a release or a label one for all its values, of devices one each. `value`: how many values have drifted. */
export function* driftReadings(findings: readonly DriftFinding[]): Generator<Reading> {
  const groups = new Map<string, DriftFinding[]>();
  for (const finding of findings) {
    const { kind, model, version, subject } = finding;
    const key = JSON.stringify([kind, model, version, subject]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [finding]);
    else group.push(finding);
  }
  for (const group of groups.values()) {
    const [first] = group;
    if (first === undefined) continue;
    const { kind, model, version, subject } = first;
    yield {
      rule: kind === 'shift' ? 'drift' : 'accuracy-estimate',
      subject: { model, version, ...(subject.level === 'label' && { label: subject.label }) },
      device: deviceOf(subject),
      value: group.length,
      sinceMs: Math.min(...group.map(({ sinceMs }) => sinceMs)),
      detail: detailOf(group),
    };
  }
}

function deviceOf(subject: DriftSubject): string | null {
  return subject.level === 'device' ? subject.device : null;
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
