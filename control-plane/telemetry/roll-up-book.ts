import type { Labels } from '@bellwether/shared/contract/http-api';
import type { Window } from '@bellwether/shared/contract/window';
import type { CountedArm } from './device-message.js';
import { addArm, addHost, emptyRollUp, mergeRollUp, type RollUp } from './roll-up.js';
import { hostSeries, levels, momentOf, pointOf, type Series, scopesOf, seriesKey } from './series.js';

/** A window that was stored. */
export interface StoredWindow {
  readonly window: Pick<Window, 'device' | 'wallEndMs' | 'host'>;
  readonly arms: readonly CountedArm[];
  readonly labels: Labels;
  readonly arrivedAtMs: number;
}

/** What was added to one series at one point. */
export interface Addition {
  readonly series: Series;
  readonly atMs: number;
  readonly sum: RollUp;
}

/** Of the fleet and its labels by the minute, of devices by the hour. */
export interface Additions {
  readonly fleet: readonly Addition[];
  readonly devices: readonly Addition[];
}

export interface RollUpBookOptions {
  /** Labels that series are kept by. */
  readonly labelKeys: readonly string[];
  /** Releases that series are kept of; what a device makes up is counted under `other`. */
  readonly isKnown: (model: string, version: string) => boolean;
}

/** Most values of the labels together: beyond it devices count for the fleet alone. */
const maxScopes = 500;
/** A value that no window came with for so long makes room for another; where there is none, it is looked for so often. */
const scopeKeptMs = 24 * levels.hour;
const lookedForMs = levels.minute;

/**
 * Adds windows up in memory, until the sums are stored. Devices with the same labels share their
 * sums until then, so that a window is added twice, however many series it belongs to.
 */
export class RollUpBook {
  readonly #options: RollUpBookOptions;
  /** When a window came with it last; wall milliseconds. */
  readonly #scopes = new Map<string, number>();
  #lookedAtMs = Number.NEGATIVE_INFINITY;
  readonly #fleet = new Map<string, { readonly scopes: readonly string[]; readonly addition: Addition }>();
  readonly #devices = new Map<string, Addition>();

  constructor(options: RollUpBookOptions) {
    this.#options = options;
  }

  /** How many points of devices wait. */
  get waiting(): number {
    return this.#devices.size;
  }

  add({ window, arms, labels, arrivedAtMs }: StoredWindow): void {
    const scopes = scopesOf(labels, this.#options.labelKeys).filter((scope) => this.#isKept(scope, arrivedAtMs));
    const momentMs = momentOf(window, arrivedAtMs);
    const [minute, hour] = [pointOf(momentMs, 'minute'), pointOf(momentMs, 'hour')];
    for (const each of arms) {
      const name = this.#nameOf(each);
      addArm(this.#fleetSum(scopes, { ...name, scope: '' }, minute), each);
      addArm(this.#deviceSum({ ...name, scope: window.device }, hour), each);
    }
    addHost(this.#fleetSum(scopes, hostSeries(''), minute), window.host);
    addHost(this.#deviceSum(hostSeries(window.device), hour), window.host);
  }

  /** Everything since `clear`. */
  sums(): Additions {
    const fleet = new Map<string, Addition>();
    for (const { scopes, addition } of this.#fleet.values()) {
      for (const scope of ['', ...scopes]) {
        const series = { ...addition.series, scope };
        const key = `${addition.atMs} ${seriesKey(series)}`;
        const known = fleet.get(key) ?? { series, atMs: addition.atMs, sum: emptyRollUp() };
        mergeRollUp(known.sum, addition.sum);
        fleet.set(key, known);
      }
    }
    return { fleet: [...fleet.values()], devices: [...this.#devices.values()] };
  }

  /** The sums are stored: begins anew. */
  clear(): void {
    this.#fleet.clear();
    this.#devices.clear();
  }

  #nameOf({ arm: { model, version, arm } }: CountedArm): Omit<Series, 'scope'> {
    return this.#options.isKnown(model, version) ? { model, version, arm } : { model: 'other', version: '', arm };
  }

  #isKept(scope: string, nowMs: number): boolean {
    if (!this.#scopes.has(scope) && !this.#hasRoom(nowMs)) return false;
    this.#scopes.set(scope, nowMs);
    return true;
  }

  #hasRoom(nowMs: number): boolean {
    if (this.#scopes.size < maxScopes) return true;
    if (nowMs - this.#lookedAtMs < lookedForMs) return false;
    this.#lookedAtMs = nowMs;
    for (const [scope, usedAtMs] of this.#scopes) if (nowMs - usedAtMs > scopeKeptMs) this.#scopes.delete(scope);
    return this.#scopes.size < maxScopes;
  }

  #fleetSum(scopes: readonly string[], series: Series, atMs: number): RollUp {
    const key = `${atMs} ${scopes.join(' ')} ${seriesKey(series)}`;
    const known = this.#fleet.get(key);
    if (known !== undefined) return known.addition.sum;
    const addition = { series, atMs, sum: emptyRollUp() };
    this.#fleet.set(key, { scopes, addition });
    return addition.sum;
  }

  #deviceSum(series: Series, atMs: number): RollUp {
    const key = `${atMs} ${seriesKey(series)}`;
    const known = this.#devices.get(key);
    if (known !== undefined) return known.sum;
    const addition = { series, atMs, sum: emptyRollUp() };
    this.#devices.set(key, addition);
    return addition.sum;
  }
}
