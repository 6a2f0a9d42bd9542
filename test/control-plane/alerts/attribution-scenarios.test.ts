import { describe, expect, it } from 'vitest';
import { attribute } from '@bellwether/control-plane/alerts/attribution';
import type { Symptom } from '@bellwether/control-plane/alerts/attribution-facts';
import { seededDice } from '../../support/dice.js';
import { type FleetPlan, type PlannedDevice, troubledFleet } from '../../support/troubled-fleet.js';

const seeds = Array.from({ length: 25 }, (_, i) => i + 1);
const of = (symptom: Symptom, plan: FleetPlan) => {
  return seeds.map((seed) => attribute({ symptom, devices: troubledFleet(seededDice(seed), plan), segments: [] }));
};

/** Trouble for nearly all of these, and for hardly anybody else. */
const mostly = (hit: (device: PlannedDevice) => boolean) => (device: PlannedDevice) => (hit(device) ? 0.95 : 0.01);
/** As many, and it has nothing to do with anything. */
const anybody = ({ luck }: PlannedDevice) => (luck < 0.2 ? 0.95 : 0.01);

const isFirst = ({ place }: PlannedDevice) => place < 0.2;
const rollout: FleetPlan['changes'] = (device) => (isFirst(device) ? [{ kind: 'release', what: 'digits@1.2.0' }] : []);
const osUpdate: FleetPlan['changes'] = (device) => {
  return isFirst(device)
    ? [
        { kind: 'os', what: '6.1.0-28-arm64' },
        { kind: 'reboot', what: '' },
      ]
    : [];
};

interface Scenario {
  readonly symptom: Symptom;
  readonly plan: FleetPlan;
  readonly cause: 'model' | 'infrastructure';
  /** What the sentence names. */
  readonly names: string;
  readonly common: string | null;
  /** The same without its cause, and what is said then. */
  readonly control: FleetPlan;
  readonly controlCause: 'model' | 'infrastructure' | 'undetermined';
}

const isNorth = ({ labels }: PlannedDevice) => labels.site === 'north';
const isPi4 = ({ labels }: PlannedDevice) => labels.hardware === 'pi4';

const scenarios: Readonly<Record<string, Scenario>> = {
  'a bad release on a fifth of the fleet': {
    symptom: 'failures',
    plan: { changes: rollout, trouble: mostly(isFirst) },
    cause: 'model',
    names: 'digits@1.2.0',
    common: null,
    control: { changes: rollout, trouble: anybody },
    controlCause: 'undetermined',
  },
  'an outage of one region, while a rollout goes on elsewhere': {
    symptom: 'silent',
    plan: { changes: rollout, trouble: mostly(isNorth) },
    cause: 'infrastructure',
    names: 'site=north',
    common: 'site=north',
    control: { changes: rollout, trouble: anybody },
    controlCause: 'undetermined',
  },
  'hot devices of one kind of hardware, three in five of them': {
    symptom: 'hot',
    plan: { changes: rollout, trouble: (device) => (isPi4(device) ? 0.6 : 0.03) },
    cause: 'infrastructure',
    names: 'hardware=pi4',
    common: 'hardware=pi4',
    control: { changes: rollout, trouble: mostly(isFirst) },
    controlCause: 'model',
  },
  'a bad update of the system': {
    symptom: 'slow',
    plan: { changes: osUpdate, trouble: mostly(isFirst) },
    cause: 'infrastructure',
    names: '6.1.0-28-arm64',
    common: 'kernel=6.1.0-28-arm64',
    control: { changes: osUpdate, trouble: anybody },
    controlCause: 'undetermined',
  },
  'drift when the season changes, on nearly every device': {
    symptom: 'drift',
    plan: {
      changes: (device) => [...rollout(device), ...(device.luck < 0.1 ? osUpdate({ ...device, place: 0 }) : [])],
      trouble: () => 0.93,
    },
    cause: 'model',
    names: 'what it sees is no longer what it was made for',
    common: null,
    control: { changes: osUpdate, trouble: mostly(isFirst) },
    controlCause: 'infrastructure',
  },
};

describe.each(Object.entries(scenarios))('%s', (_, { symptom, plan, cause, names, common, control, controlCause }) => {
  it('has its cause named', () => {
    for (const found of of(symptom, plan)) {
      expect(found).toMatchObject({ cause, sentence: expect.stringContaining(names) as string });
      expect(found.common?.label ?? null).toBe(common);
    }
  });

  it('has another answer without its cause', () => {
    for (const found of of(symptom, control)) {
      expect(found.cause).toBe(controlCause);
      expect(found.sentence).not.toContain(names);
      expect(found.common?.label ?? null).not.toBe(common ?? 'none');
    }
  });
});
