import { labelPattern } from '@bellwether/shared/ids';
import type { RolloutTarget } from '../http/rollout-api.js';
import { CliError } from './cli-error.js';
import { labelsText } from './units.js';

const label = new RegExp(labelPattern);

/** Reads `--to`: `all`, or labels that a device must all carry. Throws CliError `usage`. */
export function parseTarget(text: string): RolloutTarget {
  return text === 'all' ? { all: true } : { labels: parseLabels(text) };
}

/** Reads `hardware=rpi4,site=a`; throws CliError `usage`. */
export function parseLabels(text: string): Record<string, string> {
  const labels = new Map<string, string>();
  for (const pair of text.split(',')) {
    const at = pair.indexOf('=');
    const [name, value] = [pair.slice(0, at), pair.slice(at + 1)];
    if (at < 1 || !label.test(name) || !label.test(value)) {
      throw new CliError(
        'usage',
        `${pair === '' ? 'nothing' : pair} is no label: write NAME=VALUE, several with commas`,
      );
    }
    if (labels.has(name)) throw new CliError('usage', `the label ${name} is given twice`);
    labels.set(name, value);
  }
  return Object.fromEntries(labels);
}

/** A target as `--to` takes it. */
export function targetText(target: RolloutTarget): string {
  return 'all' in target ? 'all' : labelsText(target.labels);
}
