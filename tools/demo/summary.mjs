// The demo's figures.

import { accuracyOf, quantileOf } from './driver.mjs';

const round = (value, digits) => (value === null ? null : Number(value.toFixed(digits)));

/** How many of a release's answers were right, as people read it. */
export function accuracyText(outcomes, release) {
  const accuracy = accuracyOf(outcomes, release);
  return accuracy === null ? 'none' : `${(accuracy * 100).toFixed(1)} %`;
}

/** The figures that --json writes; times in milliseconds, latency from the moment a request was meant to leave. */
export function summarize({ outcomes, swaps, publishToServingMs, canary, refusals, telemetry, agentCpuPct }) {
  const answered = outcomes.filter((o) => o.error === null);
  const isInSwap = (o) => swaps.some(({ startMs, endMs }) => o.dueMs >= startMs && o.dueMs < endMs);
  const quiet = answered.filter((o) => !isInSwap(o)).map((o) => o.latencyMs);
  const during = answered.filter(isInSwap).map((o) => o.latencyMs);
  return {
    requests: outcomes.length,
    failedRequests: outcomes.length - answered.length,
    accuracyBefore: round(accuracyOf(outcomes, 'digits@1.0.0'), 4),
    accuracyAfter: round(accuracyOf(outcomes, 'digits@1.1.0'), 4),
    p50Ms: round(quantileOf(quiet, 0.5), 2),
    p99Ms: round(quantileOf(quiet, 0.99), 2),
    p99SwapMs: round(quantileOf(during, 0.99), 2),
    publishToServingMs: Math.round(publishToServingMs),
    canaryCaughtAfterMs: canary.canaryCaughtAfterMs,
    canaryRequestsHarmed: canary.canaryRequestsHarmed,
    rollbackMs: canary.rollbackMs,
    falseRollbacks: canary.falseRollbacks,
    refusals,
    agentCpuPct: round(agentCpuPct, 1),
    windowsReceived: telemetry.windowsReceived,
    windowsLost: telemetry.windowsLost,
  };
}
