import { describe, expect, it } from 'vitest';
import { DeviceRates } from '@bellwether/control-plane/fleet/device-rates';

/** How many of so many pass before the first refusal. */
function passed(attempt: () => void, count: number): number {
  for (let i = 0; i < count; i++) {
    try {
      attempt();
    } catch (refusal) {
      expect(refusal).toMatchObject({ code: 'device-rate' });
      expect(refusal).toHaveProperty('retryAfterSeconds');
      return i;
    }
  }
  return count;
}

describe('devices that are not in yet', () => {
  it('may ask two thousand times from one address, and without end from loopback', () => {
    const rates = new DeviceRates();
    expect(passed(() => rates.arrived('192.0.2.1', 0), 3000)).toBe(2000);
    expect(passed(() => rates.arrived('192.0.2.2', 0), 1)).toBe(1);
    expect(passed(() => rates.arrived('127.0.0.1', 0), 3000)).toBe(3000);
  });

  it('hear twenty times that they are wrong, on loopback too, and one more every three seconds', () => {
    const rates = new DeviceRates();
    expect(passed(() => rates.failed('127.0.0.1', 0), 30)).toBe(20);
    expect(passed(() => rates.failed('127.0.0.1', 3000), 30)).toBe(1);
  });

  it('enrol two hundred times by one token, and open thirty sessions, whatever others do', () => {
    const rates = new DeviceRates();
    passed(() => rates.failed('192.0.2.1', 0), 30);
    expect(passed(() => rates.enrols('token', 0), 300)).toBe(200);
    expect(passed(() => rates.opensSession('pi-a', 0), 300)).toBe(30);
    expect(passed(() => rates.opensSession('pi-b', 0), 1)).toBe(1);
  });
});
