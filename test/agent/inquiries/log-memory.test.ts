import { describe, expect, it } from 'vitest';
import { LogMemory } from '@bellwether/agent/inquiries/log-memory';
import { type LogFields, silentLog } from '@bellwether/shared/log';
import { ManualClock } from '../../support/manual-clock.js';

describe('the log in memory', () => {
  it('holds the newest lines with what they were bound to, passes all on, and counts what it dropped', () => {
    const passed: string[] = [];
    const log = { ...silentLog, info: (_fields: LogFields, sentence: string) => void passed.push(sentence) };
    const memory = new LogMemory({ clock: new ManualClock(1000), maxLines: 3 });
    const beside = memory.beside({ ...log, child: () => log }).child({ room: 'r' });
    for (let i = 0; i < 5; i++) beside.info({ i }, `line ${i}`);
    expect(passed).toHaveLength(5);
    expect(memory.newest(2)).toEqual({
      dropped: 3,
      lines: [3, 4].map((i) => ({ atMs: 1000, level: 'info', text: `line ${i}`, fields: `{"room":"r","i":${i}}` })),
    });
  });

  it('is bounded by characters too', () => {
    const memory = new LogMemory({ clock: new ManualClock(), maxChars: 1000 });
    const log = memory.beside(silentLog);
    for (let i = 0; i < 50; i++) log.warn({ why: 'x'.repeat(300) }, 'a line');
    expect(memory.newest(100).lines).toHaveLength(3);
  });

  it('redacts when a line is written, and holds debug lines only while they are asked for', () => {
    const memory = new LogMemory({ clock: new ManualClock() });
    const log = memory.beside(silentLog);
    log.debug({}, 'not kept');
    memory.setLevel('debug');
    log.debug({ token: 'secret' }, 'kept');
    expect(memory.newest(10).lines).toMatchObject([{ level: 'debug', text: 'kept', fields: '{"token":"(hidden)"}' }]);
  });
});
