import { EnrolmentError, type Session } from '../identity/enrolment.js';
import { behaviourOf, type DeviceBehaviour, type FleetBehaviour } from './behaviour.js';
import type { CountingLog } from './counting-log.js';
import { type DeviceDice, deviceDice } from './device-dice.js';
import type { Arrivals, CallCounts } from './fleet-tally.js';
import { tokenFor } from './join-tokens.js';
import { befall } from './mishaps.js';
import type { SharedRepository } from './shared-repository.js';
import { type SharedParts, SimulatedDevice } from './simulated-device.js';

export interface SimulatedFleetParts extends Omit<SharedParts, 'log' | 'repository'> {
  readonly repository: SharedRepository;
  readonly log: CountingLog;
  readonly devices: number;
  readonly joinTokens: readonly string[];
  readonly behaviour: FleetBehaviour;
  /** Undefined: no two runs are alike. */
  readonly seed: number | undefined;
}

/** What a simulated fleet came to, now. Times are wall milliseconds since 1970, or seconds since the start. */
export interface FleetSnapshot {
  readonly devices: number;
  readonly enrolled: number;
  readonly connected: number;
  /** To whose last session the server said no: decommissioned, rejected, or not approved yet. */
  readonly refused: number;
  readonly startedAtMs: number;
  readonly atMs: number;
  /** From the start until each device was connected at the same time for the first time; null before. */
  readonly allConnectedSeconds: number | null;
  /** By release, the devices whose acknowledged report says that it serves, and when that report was. */
  readonly serving: Readonly<Record<string, Arrivals>>;
  /** Devices by canary and state. */
  readonly canaries: Readonly<Record<string, number>>;
  /** When devices acknowledged the order that they have. */
  readonly orders: Arrivals;
  readonly calls: CallCounts;
  readonly crashes: number;
  /** `sent`: closed by devices; `acknowledged`: the broker has them; `waiting` in outboxes; `lost`: given up. */
  readonly windows: {
    readonly sent: number;
    readonly acknowledged: number;
    readonly waiting: number;
    readonly lost: number;
  };
  /** How often devices asked for metadata, and how often it had to be verified. */
  readonly metadata: { readonly asked: number; readonly verified: number };
  /** What devices warned of, by sentence. */
  readonly warnings: Readonly<Record<string, number>>;
  /** The newest of them with its reason; null: there was none. */
  readonly lastWarning: string | null;
}

/** Agents whose start is under way at a time. */
const startsAtOnce = 50;
/** What the server takes from one process within two seconds, many times over. */
const stopsAtOnce = 250;

/** N devices in this process, from their enrolment to their clean stop. */
export class SimulatedFleet {
  readonly #parts: SimulatedFleetParts;
  readonly #devices: readonly {
    readonly device: SimulatedDevice;
    readonly behaviour: DeviceBehaviour;
    readonly dice: DeviceDice;
  }[];
  readonly #stopping = new AbortController();
  readonly #startedAtMs: number;
  readonly #mishaps: Promise<unknown>[] = [];
  #allConnectedSeconds: number | null = null;

  /** Throws SimulationError `too-few-tokens`. */
  constructor(parts: SimulatedFleetParts, name: string) {
    this.#parts = parts;
    this.#startedAtMs = parts.clock.now().wallMs;
    const { devices, joinTokens, behaviour, seed, random } = parts;
    tokenFor(joinTokens, devices - 1);
    const digits = String(devices - 1).length;
    this.#devices = Array.from({ length: devices }, (_, number) => {
      const own = behaviourOf(behaviour, number, devices);
      const dice = deviceDice(seed, number, random);
      const options = { joinToken: tokenFor(joinTokens, number), behaviour: own, dice };
      const device = new SimulatedDevice(
        { name: `${name}-${String(number).padStart(digits, '0')}`, ...options },
        parts,
      );
      return { device, behaviour: own, dice };
    });
  }

  /** Starts every agent; they enrol and connect by themselves, some after this has resolved. */
  async start(): Promise<void> {
    const { clock, tally } = this.#parts;
    const signal = this.#stopping.signal;
    const onCrash = (): void => {
      tally.crashes++;
    };
    const queue = this.#devices.values();
    const startSome = async (): Promise<void> => {
      for (const { device, behaviour, dice } of queue) {
        if (signal.aborted) return;
        await device.start();
        this.#mishaps.push(befall(device, { behaviour, clock, random: dice('mishaps'), onCrash, signal }));
      }
    };
    await Promise.all(Array.from({ length: startsAtOnce }, startSome));
  }

  /** A session for downloads, in the name of a device that is in; the blobs are every device's. */
  openSession(signal: AbortSignal): Promise<Session> {
    const { device } = this.#devices.find((each) => each.device.isEnrolled) ?? this.#devices[0] ?? {};
    if (device === undefined) throw new EnrolmentError('network', 'there is no device');
    return device.openSession('artefacts', signal);
  }

  /** Stops every agent, some at a time: each has two seconds to hand over its last window, and no disk to keep it on. May be called twice. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    await Promise.all(this.#mishaps.splice(0));
    const queue = this.#devices.values();
    const stopSome = async (): Promise<void> => {
      for (const { device } of queue) await device.stop();
    };
    await Promise.all(Array.from({ length: stopsAtOnce }, stopSome));
  }

  snapshot(): FleetSnapshot {
    const { tally, clock, repository, log } = this.#parts;
    const devices = this.#devices.map(({ device }) => device);
    const atMs = clock.now().wallMs;
    const connected = devices.filter((device) => device.isConnected).length;
    if (connected === devices.length) this.#allConnectedSeconds ??= (atMs - this.#startedAtMs) / 1000;
    const sum = (read: (device: SimulatedDevice) => number): number =>
      devices.reduce((total, device) => total + read(device), 0);
    const { asked, verified } = repository.counts;
    return {
      devices: devices.length,
      enrolled: devices.filter((device) => device.isEnrolled).length,
      connected,
      refused: devices.filter((device) => device.isRefused).length,
      startedAtMs: this.#startedAtMs,
      atMs,
      allConnectedSeconds: this.#allConnectedSeconds,
      serving: tally.serving(),
      canaries: tally.canaries(),
      orders: tally.orders(),
      calls: { ...tally.calls },
      crashes: tally.crashes,
      windows: {
        sent: sum(({ outbox }) => outbox.windowsPut),
        acknowledged: sum(({ outbox }) => outbox.windowsTaken),
        waiting: sum(({ outbox }) => outbox.windowsWaiting),
        lost: sum(({ outbox }) => outbox.state.lostWindows),
      },
      metadata: { asked, verified },
      warnings: Object.fromEntries(log.counts),
      lastWarning: log.last,
    };
  }
}
