import { describe, expect, it } from 'vitest';
import { Lifecycle } from '@bellwether/control-plane/lifecycle';

function setUp(failing?: string) {
  const done: string[] = [];
  const step = (name: string) => ({
    start: () => {
      done.push(`start ${name}`);
      if (name === failing) throw new Error('no');
    },
    stop: async () => {
      done.push(`stop ${name}`);
    },
  });
  return { done, lifecycle: new Lifecycle([step('a'), { stop: () => {} }, step('b')]) };
}

describe('a lifecycle', () => {
  it('starts in order and stops in reverse, each once', async () => {
    const { done, lifecycle } = setUp();
    await lifecycle.start();
    await lifecycle.start();
    await lifecycle.stop();
    await lifecycle.stop();
    expect(done).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops what had started when a step fails', async () => {
    const { done, lifecycle } = setUp('b');
    await expect(lifecycle.start()).rejects.toThrow('no');
    expect(done).toEqual(['start a', 'start b', 'stop b', 'stop a']);
  });

  it('stops the others when a step cannot be stopped, and says so', async () => {
    const done: string[] = [];
    const step = (name: string) => ({
      stop: async () => {
        done.push(name);
        if (name === 'b') throw new Error('stuck');
      },
    });
    const lifecycle = new Lifecycle([step('a'), step('b'), step('c')]);
    await lifecycle.start();
    await expect(lifecycle.stop()).rejects.toThrow('stuck');
    expect(done).toEqual(['c', 'b', 'a']);
  });
});
