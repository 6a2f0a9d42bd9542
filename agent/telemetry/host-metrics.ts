import type { HostWindow } from '@bellwether/shared/contract/window';

/** Measures the machine and the agent on it. CPU is that since the call before. It never throws: what cannot be read is 0, or null. */
export interface HostMetrics {
  measure(): Promise<HostWindow>;
}
