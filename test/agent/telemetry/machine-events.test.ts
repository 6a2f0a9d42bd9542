import { describe, expect, it } from 'vitest';
import { clockJumpMs, clockJumpText } from '@bellwether/agent/telemetry/clock-jump';
import { newsBetween, startOf } from '@bellwether/agent/telemetry/last-start';
import { settingsChange } from '@bellwether/agent/telemetry/settings-words';

describe('what happened while no agent ran', () => {
  const configuration = { name: 'pi', joinToken: 'a-long-secret-token', outbox: { maxMb: 64, maxDays: 28 } };
  const before = startOf('boot-1', configuration);

  it('is nothing on the first start, and nothing when all is the same', () => {
    expect(newsBetween(undefined, before)).toEqual([]);
    expect(newsBetween(before, startOf('boot-1', configuration))).toEqual([]);
  });

  it('names a reboot, but not where the boot is unknown', () => {
    expect(newsBetween(before, startOf('boot-2', configuration))).toEqual([
      { kind: 'host-rebooted', message: 'the machine has started again: boot boot-2, before boot-1' },
    ]);
    expect(newsBetween(before, startOf('unknown', configuration))).toEqual([]);
  });

  it('names the settings that are others, and no value', () => {
    const { joinToken: _, ...rest } = configuration;
    const [news] = newsBetween(
      before,
      startOf('boot-1', { ...rest, proxy: { http: 'x' }, outbox: { maxMb: 32, maxDays: 28 } }),
    );
    expect(news).toEqual({
      kind: 'settings-changed',
      message: 'the configuration on this device was changed: outbox.maxMb, proxy.http',
    });
    expect(JSON.stringify(before)).not.toContain('a-long-secret-token');
  });
});

describe('a clock', () => {
  const at = (wallMs: number, monotonicMs: number) => ({ wallMs, monotonicMs });

  it('that goes with time, or is slewed, has not jumped', () => {
    expect(clockJumpMs(at(1e12, 0), at(1e12 + 60_000, 60_000))).toBeUndefined();
    expect(clockJumpMs(at(1e12, 0), at(1e12 + 3_603_000, 3_600_000))).toBeUndefined();
  });

  it('that was set has, by as much, ahead or back', () => {
    const ahead = clockJumpMs(at(0, 0), at(1e12, 60_000)) ?? 0;
    const back = clockJumpMs(at(1e12, 0), at(1e12 - 3_540_000, 60_000)) ?? 0;
    expect([ahead, back]).toEqual([1e12 - 60_000, -3_600_000]);
    expect(clockJumpText(back)).toBe("the machine's clock was set back by 3600.0 s");
  });
});

describe('settings of an order', () => {
  it('are told as what became another', () => {
    expect(settingsChange({ windowSeconds: 60 }, { windowSeconds: 60 })).toBeUndefined();
    expect(settingsChange({ logLevel: 'info' }, { logLevel: 'debug', windowSeconds: 5 })).toBe(
      'windowSeconds local → 5, logLevel info → debug',
    );
  });
});
