import type { OrderSettings } from '@bellwether/shared/contract/order';
import type { AgentConfig } from '../config.js';
import type { Announcement } from '../installs/install.js';
import { settingsChange } from '../telemetry/settings-words.js';

export interface OrderedSettingsParts {
  readonly config: Pick<AgentConfig, 'windowSeconds' | 'governor' | 'logLevel'>;
  /** Whether a canary has calls. */
  readonly hasTrials: () => boolean;
  readonly setWindowSeconds: (seconds: number) => void;
  readonly setCeilingPct: (pct: number) => void;
  readonly setLogLevel: (level: AgentConfig['logLevel']) => void;
  readonly announce: (news: Announcement) => void;
}

/** While a canary has calls its windows come often [W-3]. */
const canaryWindowSeconds = 5;

/** The settings of the order in force, over those of the device's own configuration. */
export class OrderedSettings {
  readonly #parts: OrderedSettingsParts;
  #inForce: OrderSettings | undefined;

  constructor(parts: OrderedSettingsParts) {
    this.#parts = parts;
  }

  /** `settings`: all that the order has; left out, the device's own stand. */
  apply(settings: OrderSettings = {}): void {
    const { config, setCeilingPct, setLogLevel, announce } = this.#parts;
    const change = this.#inForce === undefined ? undefined : settingsChange(this.#inForce, settings);
    this.#inForce = settings;
    this.applyWindow();
    setCeilingPct(settings.governorCpuPct ?? config.governor.cpuPct);
    setLogLevel(settings.logLevel ?? config.logLevel);
    if (change !== undefined) announce({ kind: 'settings-changed', message: `by the order: ${change}` });
  }

  /** A canary has begun or ended. */
  applyWindow(): void {
    const { config, hasTrials, setWindowSeconds } = this.#parts;
    const seconds = this.#inForce?.windowSeconds ?? config.windowSeconds;
    setWindowSeconds(hasTrials() ? Math.min(seconds, canaryWindowSeconds) : seconds);
  }
}
