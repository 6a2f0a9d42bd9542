import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { AgentProcess } from '../../support/agent-process.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-run-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

describe('an agent that waits for its first trust', () => {
  it('ends with 0 when it is asked to: being stopped is no failure', async () => {
    // Nobody listens there.
    const settings = {
      server: { url: 'http://127.0.0.1:9' },
      root: { sha256: 'a'.repeat(64) },
      joinToken: 'b'.repeat(20),
    };
    const agent = await AgentProcess.spawn(folder, settings);
    await agent.logged('first trust cannot be fetched yet');
    expect(await agent.stop()).toEqual({ code: 0, signal: null });
  });
});
