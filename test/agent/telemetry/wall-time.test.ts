import { describe, expect, it } from 'vitest';
import { wallTime, windowTime } from '@bellwether/agent/telemetry/wall-time';

const now = Date.UTC(2026, 5, 1);
const at = (wallMs: number, monotonicMs: number) => ({ wallMs, monotonicMs });

describe('the wall time of telemetry', () => {
  it("is the machine's while the server has said nothing, or says about the same", () => {
    expect(wallTime(0, undefined)).toEqual({ ms: 0, clock: 'system' });
    expect(wallTime(now + 60_000, now)).toEqual({ ms: now + 60_000, clock: 'system' });
  });

  it.each([0, Date.UTC(2099), now - 60_001])("is the server's when the machine says %i", (wallMs) => {
    expect(wallTime(wallMs, now)).toEqual({ ms: now, clock: 'server' });
  });

  it('of a window is as long as the window was, whatever was done to the clock meanwhile', () => {
    const start = at(now, 1000);
    expect(windowTime(start, at(0, 6000), now)).toEqual({ wallStartMs: now - 5000, wallEndMs: now, clock: 'server' });
    expect(windowTime(start, at(now - 30_000, 6000), now)).toEqual({
      wallStartMs: now - 35_000,
      wallEndMs: now - 30_000,
      clock: 'system',
    });
    expect(windowTime(start, at(-500, 6000), undefined)).toEqual({ wallStartMs: 0, wallEndMs: 0, clock: 'system' });
  });
});
