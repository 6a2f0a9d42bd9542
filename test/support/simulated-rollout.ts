import type { DeviceEvidence } from '@bellwether/control-plane/rollouts/verdict/fleet-evidence';
import type { GatingCell, SegmentCounters } from '@bellwether/shared/evidence/counters';
import { binomial, type Dice, spread } from './random-counts.js';

/** Probabilities of a bad call: of stable's, of the canary's. Of shadow: that only this arm's of a pair is bad. */
export type Rates = Readonly<Partial<Record<SimulatedCell, readonly [stable: number, canary: number]>>>;
/** Slow cells lie within each other: a call above the 99 % quantile is above the 90 % one. */
export const simulatedCells = ['error', 'slow50', 'slow90', 'slow95', 'slow99', 'wrong'] as const;
export type SimulatedCell = (typeof simulatedCells)[number] & GatingCell;

/** Devices of one kind; `calls`: a second, of all of them. */
export interface SimulatedStratum {
  readonly name: string;
  readonly devices: number;
  readonly calls: number;
}

export interface SimulatedFleet {
  readonly strata: readonly SimulatedStratum[];
  readonly mode: 'split' | 'shadow';
  readonly share: number;
  /** What the arms do in this second, in this stratum. */
  readonly rates: (second: number, stratum: number) => Rates;
}

/** A device sends its window every so many seconds; a fifth of the fleet each second. */
const windowSeconds = 5;
const epochSeconds = 300;
/** stable and canary of calls, then of each cell. */
const columns = 2 * (1 + simulatedCells.length);

/** What the devices that report in the same second have counted in an epoch. */
interface Block {
  readonly stratum: number;
  readonly epoch: number;
  readonly names: readonly string[];
  readonly counts: Float64Array;
  /** What of it has been given to single devices; a split once made is kept. */
  readonly given: Float64Array;
  readonly own: readonly Float64Array[];
  reports: number;
}

/**
 * A rollout of 50 devices or so, second by second: it draws how many calls of each arm were bad, not the calls, which is
 * exact for devices that are alike; which device they belong to is drawn when somebody asks.
 */
export class SimulatedRollout {
  readonly #dice: Dice;
  readonly #fleet: SimulatedFleet;
  readonly #blocks: Block[] = [];
  readonly #current = new Map<number, Block>();
  readonly #carry: Float64Array;
  /** What was reported in the last second, by stratum. */
  readonly news: readonly Float64Array[];
  /** Of the whole rollout: as `news`, of the whole fleet. */
  readonly totals = new Float64Array(columns);
  second = 0;

  constructor(dice: Dice, fleet: SimulatedFleet) {
    this.#dice = dice;
    this.#fleet = fleet;
    this.#carry = new Float64Array(fleet.strata.length);
    this.news = fleet.strata.map(() => new Float64Array(columns));
  }

  get epoch(): number {
    return Math.floor(this.second / epochSeconds);
  }

  /** One second; true when a new epoch begins with it. */
  tick(): boolean {
    this.second++;
    const group = this.second % windowSeconds;
    const isNew = this.second % epochSeconds === 0;
    if (isNew) this.#current.clear();
    for (const [i, stratum] of this.#fleet.strata.entries()) {
      const news = this.news[i];
      if (news === undefined) continue;
      news.fill(0);
      const block = this.#blockOf(i, group, stratum);
      if (block.names.length === 0) continue;
      const exact = (stratum.calls / stratum.devices) * block.names.length * windowSeconds + at(this.#carry, i);
      const calls = Math.floor(exact);
      this.#carry[i] = exact - calls;
      this.#draw(news, calls, this.#fleet.rates(this.second, i));
      block.reports++;
      for (let c = 0; c < columns; c++) {
        block.counts[c] = at(block.counts, c) + at(news, c);
        this.totals[c] = at(this.totals, c) + at(news, c);
      }
    }
    return isNew;
  }

  #draw(news: Float64Array, calls: number, rates: Rates): void {
    const canary = binomial(this.#dice, calls, this.#fleet.share);
    const isShadow = this.#fleet.mode === 'shadow';
    news[0] = isShadow ? canary : calls - canary;
    news[1] = canary;
    for (let arm = 0; arm < 2; arm++) {
      let above = at(news, arm);
      let aboveRate = 1;
      for (const [i, cell] of simulatedCells.entries()) {
        const rate = rates[cell]?.[arm] ?? 0;
        const isSlow = cell.startsWith('slow');
        const bad = binomial(this.#dice, isSlow ? above : at(news, arm), isSlow ? rate / aboveRate : rate);
        news[2 * (i + 1) + arm] = bad;
        if (isSlow && rate > 0) [above, aboveRate] = [bad, rate];
      }
    }
  }

  #blockOf(stratum: number, group: number, { name, devices }: SimulatedStratum): Block {
    const key = stratum * windowSeconds + group;
    const found = this.#current.get(key);
    if (found !== undefined) return found;
    const names = Array.from({ length: devices }, (_, i) => i)
      .filter((i) => i % windowSeconds === group)
      .map((i) => `${name}-${i}`);
    const block: Block = {
      stratum,
      epoch: this.epoch,
      names,
      counts: new Float64Array(columns),
      given: new Float64Array(columns),
      own: names.map(() => new Float64Array(columns)),
      reports: 0,
    };
    this.#blocks.push(block);
    this.#current.set(key, block);
    return block;
  }

  /** What the server knows of each device by now. */
  devices(): DeviceEvidence[] {
    const byName = new Map<string, { stratum: string; segments: SegmentCounters[] }>();
    for (const block of this.#blocks) {
      this.#give(block);
      for (const [i, name] of block.names.entries()) {
        const device = byName.get(name) ?? { stratum: this.#fleet.strata[block.stratum]?.name ?? '', segments: [] };
        const own = block.own[i];
        if (own !== undefined && block.reports > 0) device.segments.push(this.#segment(block, own));
        byName.set(name, device);
      }
    }
    return [...byName].map(([device, { stratum, segments }]) => ({ device, stratum, segments }));
  }

  #give({ counts, given, own }: Block): void {
    for (let c = 0; c < columns; c++) {
      const rest = at(counts, c) - at(given, c);
      if (rest === 0) continue;
      for (const [i, some] of spread(this.#dice, rest, own.length).entries()) {
        const device = own[i];
        if (device !== undefined) device[c] = at(device, c) + some;
      }
      given[c] = at(counts, c);
    }
  }

  #segment({ epoch, reports, stratum }: Block, own: Float64Array): SegmentCounters {
    const rates = this.#fleet.rates(this.second, stratum);
    const calls = { stable: at(own, 0), canary: at(own, 1) };
    const cells = simulatedCells.flatMap((cell, i) => {
      if (rates[cell] === undefined) return [];
      return [[cell, { stable: at(own, 2 * i + 2), canary: at(own, 2 * i + 3) }] as const];
    });
    const runnerMs = reports * windowSeconds * 1000;
    return {
      epoch,
      mode: this.#fleet.mode,
      share: this.#fleet.share,
      calls,
      runnerMs: { stable: runnerMs, canary: runnerMs },
      labelled: rates.wrong === undefined ? { stable: 0, canary: 0 } : calls,
      cells: Object.fromEntries(cells),
      both: {},
    };
  }
}

function at(values: Float64Array, i: number): number {
  return values[i] ?? 0;
}
