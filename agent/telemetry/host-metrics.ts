import type { HostWindow } from '@bellwether/shared/contract/window';
import type { ProcessorTimes } from './own-cpu.js';

/** Measures the machine and the agent on it. CPU is that since the call before. It never throws: what cannot be read is 0, or null. */
export interface HostMetrics {
  /** Processor time of the agent's processes, for its governor. */
  processors(): ProcessorTimes;
  measure(): Promise<HostWindow>;
}
