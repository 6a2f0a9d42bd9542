import { describe, expect, it } from 'vitest';
import { healthOf } from '@bellwether/control-plane/console/device-health';
import type { DeviceView } from '@bellwether/control-plane/http/operator-api';
import type { Report } from '@bellwether/shared/contract/report';
import { modelReport } from '../../support/operator-views.js';
import { reportOf } from '../../support/telemetry-messages.js';

function wordAndDetail(report: Partial<Report>, presence: DeviceView['presence'] = 'online'): readonly string[] {
  const { level, word, detail } = healthOf({
    standing: 'approved',
    presence,
    report: reportOf({ state: 'converged', ...report }),
  });
  return [level, word, detail];
}

const refusal = { code: 'blob-digest', message: 'not the digest', atMs: 0 };
const refused = modelReport('1.1.0', {
  refusal: { ...refusal, version: '1.1.1', manifest: 'b'.repeat(64), kind: 'permanent' },
});

describe("a device's health", () => {
  it('is good while it serves, and says when it installs', () => {
    expect(wordAndDetail({})).toEqual(['good', 'healthy', '']);
    expect(wordAndDetail({ state: 'working' })).toEqual(['good', 'installing', '']);
  });

  it('is guarded, not ill, when it refused something and serves on', () => {
    expect(wordAndDetail({ models: [refused] })).toEqual(['warning', 'guarded', 'digits@1.1.1 refused: blob-digest']);
    expect(wordAndDetail({ orderRefusal: { ...refusal, code: 'generation-old' } })).toEqual([
      'warning',
      'guarded',
      'order refused: generation-old',
    ]);
  });

  it('is what the device says of itself when that is worse', () => {
    expect(wordAndDetail({ health: 'critical', models: [refused] })).toEqual([
      'bad',
      'critical',
      'digits@1.1.1 refused: blob-digest',
    ]);
    expect(wordAndDetail({ health: 'degraded' })).toEqual(['warning', 'degraded', '']);
  });

  it('is unknown while it is away, whatever it said last', () => {
    expect(wordAndDetail({ health: 'critical' }, 'offline')).toEqual(['off', 'offline', '']);
    expect(healthOf({ standing: 'approved', presence: 'online', report: null })).toMatchObject({
      level: 'off',
      word: 'joined',
    });
    expect(healthOf({ standing: 'approved', presence: 'never', report: null })).toMatchObject({
      level: 'off',
      word: 'joined',
    });
  });

  it('is that it waits, before an operator has let it in', () => {
    expect(healthOf({ standing: 'pending', presence: 'never', report: null }).word).toBe('waiting');
    expect(healthOf({ standing: 'decommissioned', presence: 'offline', report: reportOf() }).word).toBe(
      'decommissioned',
    );
  });
});
