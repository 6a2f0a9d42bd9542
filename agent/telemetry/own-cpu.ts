/** Processor time of the agent's processes since they started, in microseconds. */
export interface ProcessorTimes {
  readonly agentMicros: number;
  /** By process id. */
  readonly runners: ReadonlyMap<number, RunnerTimes>;
}

/** A runner's: all of it, and the time that calls spent in onnxruntime on so many threads. */
export interface RunnerTimes {
  readonly cpuMicros: number;
  readonly computeMicros: number;
  readonly threads: number;
}

/**
 * What the agent took for itself between two looks: the main process, and of the runners what was not spent on
 * calls. Loading and probing are its own; a call on several threads counts as if all of them had worked, so that an
 * application's inference is never taken for the agent's. A runner that came since counts from its start.
 */
export function ownMicros(before: ProcessorTimes, after: ProcessorTimes): number {
  let own = Math.max(0, after.agentMicros - before.agentMicros);
  for (const [pid, { cpuMicros, computeMicros, threads }] of after.runners) {
    const known = before.runners.get(pid);
    const cpu = cpuMicros - (known?.cpuMicros ?? 0);
    const calls = (computeMicros - (known?.computeMicros ?? 0)) * threads;
    own += Math.max(0, cpu - calls);
  }
  return own;
}
