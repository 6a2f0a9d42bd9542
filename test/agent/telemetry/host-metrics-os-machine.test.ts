import { expect, it } from 'vitest';
import { readMachine } from '@bellwether/agent/telemetry/host-metrics-os-machine';

it('describes this machine in a process of its own', async () => {
  const machine = await readMachine(process.execPath);
  expect(machine.cores).toBeGreaterThan(0);
  expect(machine.memoryBytes).toBeGreaterThan(100_000_000);
  expect(machine.os).toMatch(/\w/);
  expect(machine.kernel).toMatch(/^\d+\./);
});

it('rejects when there is no such node', async () => {
  await expect(readMachine('/nonexistent/node')).rejects.toThrow('ENOENT');
});
