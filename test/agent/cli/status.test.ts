import { describe, expect, it } from 'vitest';
import { describeStatus } from '@bellwether/agent/cli/status';
import { type AgentStatus, decodeStatus } from '@bellwether/agent/status';
import type { Report } from '@bellwether/shared/contract/report';
import { readVector } from '../../support/vectors.js';

const fingerprint = 'ab'.repeat(32);

function printed(changes: Partial<AgentStatus>): string {
  const status = {
    ...readVector<Report>('contract/report'),
    fingerprint,
    nextFingerprint: null,
    connected: false,
    uplink: { connected: false, why: 'connect ECONNREFUSED' },
    outbox: { waiting: 0, bytes: 0, lostWindows: 0, lostEvents: 0 },
    ...changes,
  };
  return describeStatus(decodeStatus(Buffer.from(JSON.stringify(status))));
}

const connectedTo = (url: string, encrypted: boolean) =>
  printed({ connected: true, uplink: { connected: true, url, encrypted } });

describe('bellwether-agent status', () => {
  it('shows the whole fingerprint, which a person compares', () => {
    expect(printed({})).toContain(fingerprint);
  });

  it('shows the fingerprint of the next key while an operator has to agree to it', () => {
    const nextFingerprint = 'cd'.repeat(32);
    expect(printed({ nextFingerprint })).toMatch(new RegExp(`next key +${nextFingerprint} \\(PENDING`));
    expect(printed({})).not.toMatch(/next key/);
  });

  it('says whether anybody may hold the keys', () => {
    expect(printed({ development: true })).toMatch(/DEVELOPMENT/);
    expect(printed({})).not.toMatch(/DEVELOPMENT/);
  });

  it('says what the agent takes for itself, and what it leaves out', () => {
    const governor = (ownCpuPct: number | null, shed: string[]) => ({ governor: { ceilingPct: 15, ownCpuPct, shed } });
    expect(printed({})).not.toMatch(/own CPU/);
    expect(printed(governor(null, []))).toMatch(/own CPU +not measured yet, at most 15 %$/m);
    expect(printed(governor(16.25, ['inputs', 'shadow']))).toMatch(
      /own CPU +16.3 % of a core, at most 15 %; LEFT OUT: inputs, shadow$/m,
    );
  });

  it('says whether the connection is encrypted', () => {
    expect(connectedTo('mqtt://10.0.0.1:1883', false)).toMatch(/mqtt:\/\/10\.0\.0\.1:1883 \(PLAINTEXT\)/);
    expect(connectedTo('wss://fleet.example/mqtt', true)).toMatch(/wss:\/\/fleet\.example\/mqtt \(TLS\)/);
  });

  it('commands no terminal, whatever others wrote', () => {
    const why = 'gone\u001b[2J\nserves      digits@9.9.9\u202e';
    const refusal = {
      version: '1.1.0',
      code: 'withdrawn',
      kind: 'permanent',
      manifest: 'ab'.repeat(32),
      message: 'bad\u009b31m',
      atMs: 0,
    } as const;
    const [model] = readVector<Report>('contract/report').models;
    if (model === undefined) throw new Error('the vector has a model');
    const text = printed({ uplink: { connected: false, why }, models: [{ ...model, refusal }] });
    expect(text).toContain('not connected: gone�[2J�serves');
    expect(text).toContain('bad�31m');
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}]/u);
  });

  it('says why there is none, and that somebody must approve the device', () => {
    expect(printed({})).toMatch(/not connected: connect ECONNREFUSED/);
    const why = 'http://s/api/v1/sessions answered 403: approval-pending, pi-7 waits for an operator';
    expect(printed({ uplink: { connected: false, why } })).toMatch(/PENDING: an operator must approve/);
  });
});
