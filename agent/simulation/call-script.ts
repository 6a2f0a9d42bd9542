import { type DeviceBehaviour, releaseBehaviour } from './behaviour.js';
import type { AnswerScript } from './scripted-answer.js';

/** What becomes of one call in a scripted runner. */
export type CallScript =
  | ({ readonly kind: 'answer'; readonly latencyMs: number } & AnswerScript)
  | { readonly kind: 'error'; readonly latencyMs: number }
  | { readonly kind: 'death' };

/** Classes of the inputs that applications send, before drift: evenly spread over so many. */
const inputClasses = 10;

/**
 * Draws one call of a release, `atMs` after the device began. Outages and drift lie in device and inputs, so they meet
 * every release alike; the rest is the release's own.
 */
export function drawCall(
  behaviour: Pick<DeviceBehaviour, 'releases' | 'outages' | 'drift'>,
  release: string,
  atMs: number,
  random: () => number,
): CallScript {
  const own = releaseBehaviour(behaviour, release);
  const atSeconds = atMs / 1000;
  const outages = behaviour.outages.filter(
    ({ afterSeconds, forSeconds }) => atSeconds >= afterSeconds && atSeconds < afterSeconds + forSeconds,
  );
  const slower = outages.reduce((product, { latencyFactor }) => product * latencyFactor, 1);
  const latencyMs = own.latencyMs * slower * Math.exp(own.latencySigma * standardNormal(random));
  if (random() < own.deaths) return { kind: 'death' };
  if (random() < own.errors || outages.some(({ errors }) => random() < errors)) return { kind: 'error', latencyMs };
  const drift = driftAt(behaviour.drift, atSeconds);
  const classIndex = random() < drift ? 0 : Math.floor(random() * inputClasses);
  const spread = (random() - 0.5) * 0.1;
  const confidence = Math.min(0.999, Math.max(0.1, (own.confidence + spread) * (1 - drift / 2)));
  return { kind: 'answer', latencyMs, classIndex, confidence, invalid: random() < own.invalid };
}

/** How far the inputs have drifted: 0 at first, `strength` when all of it is there. */
function driftAt(drift: DeviceBehaviour['drift'], atSeconds: number): number {
  if (drift === undefined || atSeconds <= drift.afterSeconds) return 0;
  return drift.strength * Math.min(1, (atSeconds - drift.afterSeconds) / drift.overSeconds);
}

/** Box and Muller 1958. */
function standardNormal(random: () => number): number {
  return Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}
