import { cp, mkdtemp, open, readdir, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Outbox } from '@bellwether/agent/telemetry/outbox';
import { openOutbox } from '@bellwether/agent/telemetry/outbox-level';
import { silentLog } from '@bellwether/shared/log';
import { ManualClock } from './manual-clock.js';
import { readAll } from './outbox-content.js';

/** How the end of a log looks after a power cut: it stops, or goes on with zeros or with what was there before. */
export const tailKinds = ['short', 'zeros', 'garbage'] as const;
export type TailKind = (typeof tailKinds)[number];

/** What was acknowledged of what a cut outbox holds no more, and whether it works on. */
export interface AfterOutboxCut {
  readonly cut: number;
  readonly tail: TailKind;
  readonly acknowledged: number;
  readonly kept: number;
  readonly lost: readonly string[];
  readonly worksOn: boolean;
}

/** An outbox that has taken messages, and how long its log was when each of them was durable. */
export class OutboxLife {
  readonly #folder: string;
  readonly #log: string;
  readonly #ends: readonly number[];

  private constructor(folder: string, log: string, ends: readonly number[]) {
    this.#folder = folder;
    this.#log = log;
    this.#ends = ends;
  }

  static async live(messages: number): Promise<OutboxLife> {
    const folder = await mkdtemp(join(tmpdir(), 'bellwether-outbox-'));
    const source = join(folder, 'source');
    const outbox = await openAt(source);
    const name = (await readdir(source)).find((each) => each.endsWith('.log'));
    if (name === undefined) throw new Error('LevelDB keeps no log');
    const ends: number[] = [];
    for (let i = 0; i < messages; i++) {
      await outbox.put(i % 3 === 0 ? 'event' : 'window', Buffer.from(`message ${i} ${'.'.repeat((i * 37) % 400)}`));
      ends.push((await stat(join(source, name))).size);
    }
    // As it lies there while the agent runs: closing it would tidy up first.
    await cp(source, join(folder, 'image'), { recursive: true });
    await outbox.close();
    return new OutboxLife(folder, name, ends);
  }

  /** Bytes of the log: it may be cut after each. */
  get length(): number {
    return this.#ends.at(-1) ?? 0;
  }

  /** Where the record of each message ends. */
  get boundaries(): readonly number[] {
    return this.#ends;
  }

  async boot(cut: number, tail: TailKind): Promise<AfterOutboxCut> {
    const image = join(this.#folder, `cut-${cut}-${tail}`);
    await cp(join(this.#folder, 'image'), image, { recursive: true });
    try {
      await cutFile(join(image, this.#log), cut, tail);
      const outbox = await openAt(image);
      try {
        const kept = new Set((await readAll(outbox)).map(({ payload }) => firstWords(payload)));
        const acknowledged = this.#ends.filter((end) => end <= cut).length;
        const lost = Array.from({ length: acknowledged }, (_, i) => `message ${i}`).filter((text) => !kept.has(text));
        await outbox.put('event', Buffer.from('message after'));
        const now = (await readAll(outbox)).map(({ payload }) => firstWords(payload));
        return { cut, tail, acknowledged, kept: kept.size, lost, worksOn: now.includes('message after') };
      } finally {
        await outbox.close();
      }
    } finally {
      await rm(image, { recursive: true, force: true });
    }
  }

  async remove(): Promise<void> {
    await rm(this.#folder, { recursive: true, force: true });
  }
}

function openAt(folder: string): Promise<Outbox> {
  const clock = new ManualClock();
  return openOutbox({ folder, maxBytes: 10_000_000, maxAgeMs: 1e12, clock, log: silentLog });
}

/** Cuts a file, and leaves something behind the cut as file systems do. */
async function cutFile(path: string, cut: number, tail: TailKind): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.truncate(cut);
    if (tail === 'short') return;
    const rest = Uint8Array.from({ length: 300 }, (_, i) => (tail === 'garbage' ? (i * 167 + cut) & 0xff : 0));
    await file.write(rest, 0, rest.length, cut);
  } finally {
    await file.close();
  }
}

function firstWords(payload: Uint8Array): string {
  return Buffer.from(payload).toString().split(' ').slice(0, 2).join(' ');
}
