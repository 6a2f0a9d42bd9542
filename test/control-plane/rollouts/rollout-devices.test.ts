import { describe, expect, it } from 'vitest';
import type { RolloutDevice } from '@bellwether/control-plane/http/rollout-api';
import { devicesInView } from '@bellwether/control-plane/rollouts/rollout-device-limit';
import { devicesOfView, pageOfDevices } from '@bellwether/control-plane/rollouts/rollout-devices';

const device = (number: number, state: RolloutDevice['state'], code: string | null = null): RolloutDevice => ({
  device: `pi-${String(number).padStart(4, '0')}`,
  state,
  code,
  message: null,
});
const fleet = Array.from({ length: 5000 }, (_, number) => {
  if (number % 1000 === 999) return device(number, 'silent');
  return number > 4990 ? device(number, 'refused', 'disk') : device(number, 'settled');
});

describe('the devices in a rollout’s view', () => {
  it('are all there in a small fleet, in their order', () => {
    const few = fleet.slice(0, devicesInView);
    expect(devicesOfView(few, []).devices).toEqual(few);
  });

  it('are bounded in a large one, those that may need a person first, and counted in full', () => {
    const view = devicesOfView(fleet, []);
    expect(view.deviceCount).toBe(5000);
    expect(view.standings).toEqual([
      { state: 'settled', code: null, devices: 4987 },
      { state: 'refused', code: 'disk', devices: 8 },
      { state: 'silent', code: null, devices: 5 },
    ]);
    expect(view.devices).toHaveLength(devicesInView);
    expect(view.devices.slice(0, 14).map(({ state }) => state)).toEqual([
      ...Array.from({ length: 8 }, () => 'refused'),
      ...Array.from({ length: 5 }, () => 'silent'),
      'settled',
    ]);
    expect(JSON.stringify(view).length).toBeLessThan(12_000);
  });

  it('come with so many of the failures, and the number of all', () => {
    const failures = fleet.map((each) => ({ device: each.device, code: 'disk', message: 'full', acknowledged: false }));
    const view = devicesOfView(fleet, failures);
    expect([view.failures.length, view.failed]).toEqual([devicesInView, 5000]);
  });
});

describe('the pages of all devices', () => {
  it('hold each device once, by id, whatever their order was', () => {
    const shuffled = [...fleet.slice(2000), ...fleet.slice(0, 2000)];
    const seen: string[] = [];
    let after: string | undefined;
    for (;;) {
      const page = pageOfDevices(shuffled, { limit: 700, ...(after !== undefined && { after }) });
      seen.push(...page.devices.map((each) => each.device));
      if (page.next === null) break;
      after = page.next;
    }
    expect(seen).toEqual(fleet.map((each) => each.device));
  });

  it('may be of one state, and the last one says so', () => {
    const page = pageOfDevices(fleet, { limit: 5, state: 'silent' });
    expect(page.devices.map((each) => each.device)).toEqual(['pi-0999', 'pi-1999', 'pi-2999', 'pi-3999', 'pi-4999']);
    expect(page.next).toBeNull();
  });
});
