import { expect, it } from 'vitest';
import { ownMicros, type ProcessorTimes } from '@bellwether/agent/telemetry/own-cpu';

type Runner = readonly [pid: number, cpuMicros: number, computeMicros: number, threads?: number];

function times(agentMicros: number, ...runners: readonly Runner[]): ProcessorTimes {
  const byPid = runners.map(([pid, cpuMicros, computeMicros, threads = 1]) => {
    return [pid, { cpuMicros, computeMicros, threads }] as const;
  });
  return { agentMicros, runners: new Map(byPid) };
}

it.each<[what: string, own: number, before: ProcessorTimes, after: ProcessorTimes]>([
  ['the main process', 300, times(200), times(500)],
  ['of a runner what was not spent on calls', 40, times(0, [7, 100, 50]), times(0, [7, 240, 150])],
  ['nothing of a call that waited for the processor', 0, times(0, [7, 0, 0]), times(0, [7, 100, 900])],
  ['nothing of a call on two threads', 0, times(0, [7, 0, 0, 2]), times(0, [7, 190, 100, 2])],
  ['a new runner from its start: its loading', 900, times(0), times(0, [8, 1000, 100])],
  ['each runner by itself', 50, times(0, [7, 0, 0], [8, 0, 0]), times(0, [7, 10, 60], [8, 50, 0])],
  ['nothing of a runner that went', 0, times(0, [7, 100, 0]), times(0)],
])('counts %s', (_what, own, before, after) => {
  expect(ownMicros(before, after)).toBe(own);
});
