import { type VerbOutcome, verbOutcome } from './cli-verb.js';

/** Runs `bellwether serve` on a data folder to its end: a server that cannot start, and what it says. */
export function runServer(data: string, options: readonly string[] = []): Promise<VerbOutcome> {
  const free = ['--http-port', '--mqtt-port'].flatMap((option) => (options.includes(option) ? [] : [option, '0']));
  return verbOutcome(['serve', '--data', data, '--log-level', 'silent', ...free, ...options]);
}
