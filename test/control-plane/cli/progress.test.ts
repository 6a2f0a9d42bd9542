import { describe, expect, it } from 'vitest';
import { barLine, Progress } from '@bellwether/control-plane/cli/progress';
import { RecordedTerminal } from '../../support/cli-terminal.js';

const half = { label: 'model.onnx', done: 5, total: 10, detail: '5 B of 10 B' };
const whole = { ...half, done: 10, detail: '10 B' };
const show = (terminal: RecordedTerminal, isSilent: boolean) => {
  const progress = new Progress(terminal, isSilent);
  progress.update(half);
  progress.step(half);
  progress.finish(whole);
  progress.clear();
  return terminal;
};

describe('progress', () => {
  it('is a bar that is drawn over itself on a terminal, and drawn again only when it has changed', () => {
    const { stderr, stdout } = show(new RecordedTerminal(true), false);
    expect(stderr).toBe(`\r\u001b[2K${barLine(half)}\r\u001b[2K${barLine(whole)}\n`);
    expect(stdout).toBe('');
  });

  it('is a line per step elsewhere', () => {
    expect(show(new RecordedTerminal(), false).stderr).toBe('model.onnx  5 B of 10 B\nmodel.onnx  10 B\n');
  });

  it.each([true, false])('is nothing where a program reads (terminal: %s)', (isInteractive) => {
    expect(show(new RecordedTerminal(isInteractive), true).stderr).toBe('');
  });

  it('takes an unfinished bar away', () => {
    const terminal = new RecordedTerminal(true);
    const progress = new Progress(terminal, false);
    progress.update(half);
    progress.clear();
    expect(terminal.stderr.endsWith('\r\u001b[2K')).toBe(true);
  });

  it('fits on the line, and is full when there is nothing to do', () => {
    expect(barLine(half)).toBe(`model.onnx         ${'━'.repeat(12)}${'─'.repeat(12)}  5 B of 10 B`);
    expect(barLine({ ...half, done: 0, total: 0 })).toContain('━'.repeat(24));
    const terminal = new RecordedTerminal(true);
    new Progress(terminal, false).update({ ...half, detail: 'x'.repeat(500) });
    expect(terminal.stderr.replace('\r\u001b[2K', '')).toHaveLength(terminal.columns - 1);
  });
});
