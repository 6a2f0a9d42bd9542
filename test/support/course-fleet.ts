import type { CourseDevice } from '@bellwether/control-plane/rollouts/course-device';
import type { CourseLook } from '@bellwether/control-plane/rollouts/course-look';
import { hasEnded, type Rollout, rolloutId, type StagedRollout } from '@bellwether/control-plane/rollouts/rollout';
import { partOf } from '@bellwether/control-plane/rollouts/rollout-part';
import { type RolloutEvent, transition } from '@bellwether/control-plane/rollouts/transition';
import type { Verdict } from '@bellwether/control-plane/rollouts/verdict/verdict';
import type { CanaryReport, Report } from '@bellwether/shared/contract/report';
import { reportOf } from './telemetry-messages.js';

/** A verdict with this value and reason. */
export function verdictOf(
  value: Verdict['value'],
  code: Verdict['reasons'][number]['code'],
  changes: Partial<Verdict> = {},
): Verdict {
  const reasons = [{ code, text: `because of ${code}`, numbers: {} }];
  return { version: 1, value, reasons, logHarm: 0, logHarmLimit: 4.6, passedStrata: [], drop: [], ...changes };
}

interface Simulated {
  readonly name: string;
  labels: Record<string, string>;
  isOnline: boolean;
  lastSeenMs: number;
  enrolledAtMs: number;
  report: Report | null;
  order: { epoch: number; generation: number; part: string };
  /** What the device is doing with its canary, whether it has said so or not. */
  canary: CanaryReport | undefined;
}

/** Devices that take orders and report when a test says so: as late as it likes. */
export class CourseFleet {
  rollout: Rollout;
  nowMs = 1000;
  readonly devices = new Map<string, Simulated>();
  verdict: Verdict | null = null;
  isWindowOpen = true;

  constructor(rollout: StagedRollout, count: number, labels: (index: number) => Record<string, string> = () => ({})) {
    this.rollout = rollout;
    for (let index = 0; index < count; index++) this.join(`d${index}`, labels(index), 0);
  }

  join(name: string, labels: Record<string, string> = {}, enrolledAtMs = this.nowMs): void {
    const order = { epoch: 1, generation: 0, part: '' };
    const about = { name, labels, isOnline: true, lastSeenMs: this.nowMs, enrolledAtMs };
    this.devices.set(name, { ...about, report: null, order, canary: undefined });
    this.#order();
  }

  /** The device does what its newest order says, as far as `state`, and says so. */
  report(name: string, state: CanaryReport['state'] = 'ready'): void {
    const device = this.devices.get(name);
    if (device === undefined || !device.isOnline) return;
    const part = partOf(this.rollout, { device: name, stratum: '' });
    const { version, manifest } = this.rollout;
    device.canary =
      part.kind === 'canary'
        ? { version, manifest, rollout: rolloutId(this.rollout), step: part.canary.step, state, segment: 0 }
        : undefined;
    const serving = {
      version: part.kind === 'release' ? version : '1.0.0',
      manifest: part.kind === 'release' ? manifest : 'a'.repeat(64),
      sinceMs: 0,
      phase: 'settled' as const,
    };
    const { epoch, generation } = device.order;
    device.report = reportOf({
      observed: { epoch, generation, digest: 'd'.repeat(64) },
      models: [
        {
          model: this.rollout.model,
          serving,
          install: null,
          refusal: null,
          ...(device.canary !== undefined && { canary: device.canary }),
        },
      ],
    });
    device.lastSeenMs = this.nowMs;
  }

  reportAll(state: CanaryReport['state'] = 'ready'): void {
    for (const name of this.devices.keys()) this.report(name, state);
  }

  setOnline(name: string, isOnline: boolean): void {
    const device = this.devices.get(name);
    if (device === undefined) return;
    device.isOnline = isOnline;
    device.lastSeenMs = this.nowMs;
  }

  look(): CourseLook {
    const devices = [...this.devices.values()].map((device): CourseDevice => {
      const { name, labels, isOnline, enrolledAtMs, report, order, lastSeenMs } = device;
      const silentMs = isOnline ? 0 : this.nowMs - lastSeenMs;
      return {
        device: name,
        labels,
        isOnline,
        silentMs,
        enrolledAtMs,
        report,
        order,
        base: 'a'.repeat(64),
        apart: null,
      };
    });
    return { devices, verdict: this.verdict, isWindowOpen: this.isWindowOpen };
  }

  /** The rollout after an event; its orders go out. */
  event(event: RolloutEvent): void {
    this.rollout = transition(this.rollout, event, this.nowMs).next;
    this.#order();
  }

  looked(): void {
    if (!hasEnded(this.rollout)) this.event({ kind: 'looked', look: this.look() });
  }

  decided(action: Parameters<typeof decisionOf>[0], changes: Parameters<typeof decisionOf>[1] = {}): void {
    this.event({ kind: 'decided', decision: decisionOf(action, changes), look: this.look() });
  }

  #order(): void {
    for (const device of this.devices.values()) {
      const part = JSON.stringify(partOf(this.rollout, { device: device.name, stratum: '' }));
      if (part === device.order.part) continue;
      device.order = { epoch: 1, generation: device.order.generation + 1, part };
    }
  }
}

type Decision = Extract<RolloutEvent, { kind: 'decided' }>['decision'];

function decisionOf(action: Decision['action'], changes: Partial<Decision> = {}): Decision {
  return { action, by: 'operator:test', why: null, keep: false, all: false, ...changes };
}
