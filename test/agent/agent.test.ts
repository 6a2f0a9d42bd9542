import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { buildAgent } from '@bellwether/agent/agent';
import type { AgentParts } from '@bellwether/agent/agent-parts';
import { parseConfig } from '@bellwether/agent/config';
import { LogMemory } from '@bellwether/agent/inquiries/log-memory';
import { decodeStatus } from '@bellwether/agent/status';
import type { UplinkHandlers } from '@bellwether/agent/uplink/uplink';
import { silentLog } from '@bellwether/shared/log';
import { MemoryReleaseStore } from '../support/installs.js';
import { localRequest } from '../support/local-http.js';
import { ManualClock } from '../support/manual-clock.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-agent-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

/** A broker that takes no report and answers nothing: what was sent waits until the connection ends. */
function silentBroker(steps: string[]): AgentParts['uplink'] {
  let end: (error: Error) => void = () => {};
  const never = new Promise<void>((_resolve, reject) => {
    end = reject;
  });
  never.catch(() => {}); // nobody may have sent anything
  return {
    connected: true,
    standing: { connected: true, url: 'mqtt://127.0.0.1:9', encrypted: false },
    start: (handlers: UplinkHandlers) => handlers.connected(),
    publish: (what) => {
      steps.push(`${what} sent`);
      return never;
    },
    stop: () => {
      steps.push('disconnected');
      end(new Error('the connection is closed'));
      return Promise.resolve();
    },
  };
}

function partsOf(steps: string[]): AgentParts {
  const config = parseConfig(
    JSON.stringify({ name: 'meadow', server: { url: 'http://127.0.0.1:9' }, root: { sha256: 'a'.repeat(64) } }),
    {},
  );
  const about = { version: '0', node: '20', platform: 'linux', arch: 'x64' };
  const parts = {
    config,
    identity: { device: 'meadow-0123456789abcdef', fingerprint: 'f'.repeat(64), successor: async () => undefined },
    receipts: { next: () => Promise.resolve(null) },
    reportIdentity: {
      device: 'meadow-0123456789abcdef',
      runId: '1'.repeat(32),
      bootId: 'b',
      agent: about,
      stage: 'production',
    },
    localApi: { socketPath: join(folder, 'agent.sock'), maxBodyBytes: 1024, stopGraceMs: 1000 },
    trust: { accepted: null, versions: null, development: false },
    releases: new MemoryReleaseStore(),
    uplink: silentBroker(steps),
    outbox: {
      state: { waiting: 0, bytes: 0, lostWindows: 0, lostEvents: 0 },
      put: (kind: string) => Promise.resolve(void steps.push(`${kind} stored`)),
      read: () => Promise.resolve([]),
    },
    hostMetrics: () =>
      Promise.resolve({
        measure: () => Promise.resolve({}),
        processors: () => ({ agentMicros: 0, runners: new Map() }),
      }),
    starts: { news: [], keep: () => Promise.resolve() },
    logs: new LogMemory({ clock: new ManualClock() }),
    sendAnswer: () => Promise.resolve('taken'),
    setLogLevel: () => {},
    clock: new ManualClock(),
    random: () => 0,
    log: silentLog,
  };
  // What is missing is never asked for by an agent without an order.
  return parts as unknown as AgentParts;
}

describe('an agent that takes too much of a core for itself', () => {
  it('leaves out in the order of the design, tells of it, says it in its window and to who asks', async () => {
    const clock = new ManualClock();
    const stored: string[] = [];
    const parts = {
      ...partsOf([]),
      clock,
      // 20 % of a core.
      hostMetrics: () =>
        Promise.resolve({
          measure: () => Promise.resolve({}),
          processors: () => ({ agentMicros: clock.now().monotonicMs * 200, runners: new Map() }),
        }),
      outbox: {
        state: { waiting: 0, bytes: 0, lostWindows: 0, lostEvents: 0 },
        put: (_kind: string, payload: Uint8Array) => Promise.resolve(void stored.push(payload.toString())),
        read: () => Promise.resolve([]),
      },
    } as unknown as AgentParts;
    const agent = await buildAgent(parts);
    await agent.start();
    await clock.advance(60_000);
    const { body } = await localRequest({ socketPath: join(folder, 'agent.sock') }, '/bellwether/status');
    expect(decodeStatus(body).governor).toEqual({ ceilingPct: 15, ownCpuPct: 20, shed: ['inputs', 'shadow'] });
    await agent.stop();
    const told = stored.map((text) => JSON.parse(text) as { kind?: string; code?: string; shed?: string[] });
    const codes = told.flatMap(({ kind, code }) => (kind === 'throttled' ? [code] : []));
    expect(codes).toEqual(['shed-inputs', 'shed-shadow']);
    expect(told.at(-1)?.shed).toEqual(['inputs', 'shadow']);
  });
});

describe('an agent that stops', () => {
  it('stores its last window although a silent broker keeps the report: systemd would not wait for that', async () => {
    const steps: string[] = [];
    const agent = await buildAgent(partsOf(steps));
    await agent.start();
    expect(steps).toContain('report sent');
    await agent.stop();
    expect(steps.slice(-2)).toEqual(['window stored', 'disconnected']);
  });
});
