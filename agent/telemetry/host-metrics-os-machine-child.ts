import { cpu, mem, osInfo, system } from 'systeminformation';
import type { Machine } from '@bellwether/shared/contract/report';

/** The child's main: prints what does not change while the machine is up, as JSON. */
process.stdout.write(JSON.stringify(await describeMachine()));

async function describeMachine(): Promise<Machine> {
  const [board, processor, memory, os] = await Promise.all([system(), cpu(), mem(), osInfo()]);
  return {
    hardware: joined([board.manufacturer, board.model, board.version], 200),
    cpu: joined([processor.manufacturer, processor.brand], 200),
    cores: processor.cores,
    memoryBytes: memory.total,
    os: joined([os.distro, os.release], 200),
    kernel: os.kernel.slice(0, 100),
  };
}

/** Firmware says little, and some of it is filler. */
function joined(parts: readonly string[], maxLength: number): string {
  const told = parts.map((part) => part.trim()).filter((part) => part !== '' && part !== '-' && part !== 'unknown');
  return [...new Set(told)].join(' ').slice(0, maxLength) || 'unknown';
}
