import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';

/** A process of test/support that a bench talks to, one question at a time. */
export class BenchProcess<Hello> {
  readonly hello: Hello;
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess, hello: Hello) {
    this.#child = child;
    this.hello = hello;
  }

  /** Starts `script` with its setup as JSON, and waits for its first message. */
  static async start<Hello>(script: string, setup: unknown): Promise<BenchProcess<Hello>> {
    const child = fork(new URL(script, import.meta.url), [JSON.stringify(setup)]);
    return new BenchProcess(child, await nextMessage<Hello>(child));
  }

  get pid(): number {
    return this.#child.pid ?? 0;
  }

  /** Sends a question and resolves with the answer. */
  async ask<Answer>(question: object): Promise<Answer> {
    const answer = nextMessage<Answer>(this.#child);
    this.#child.send(question);
    return answer;
  }

  async stop(): Promise<void> {
    const ended = once(this.#child, 'exit');
    this.#child.disconnect();
    await ended;
  }
}

async function nextMessage<T>(child: ChildProcess): Promise<T> {
  const ended = once(child, 'exit').then(([code]) => {
    throw new Error(`the process ended with ${code} before it answered`);
  });
  const [message] = (await Promise.race([once(child, 'message'), ended])) as [T];
  return message;
}
