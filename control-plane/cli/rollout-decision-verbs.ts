import type { Command } from 'commander';
import type { RolloutAction, RolloutDecisionRequest } from '../http/rollout-api.js';
import { rolloutText } from './rollout-text.js';
import { compiledRollout } from './rollout-watch.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

interface DecisionOptions extends ServerOptions {
  readonly why?: string;
  readonly keep?: true;
  readonly all?: true;
}

const descriptions: Readonly<Record<RolloutAction, string>> = {
  approve: 'let the step begin that waits for an approval',
  pause: 'let no further step and no further device begin; harm still takes the release back',
  resume: 'go on after a pause or a hold: what failed so far has been seen and counts no more',
  abort: 'end it: devices go back to the release before',
  retry: 'ask the devices that failed to try again',
  promote: 'pass the current step without its evidence',
  rollback: 'take the release back from every device, now',
};

/** `bellwether rollout approve|pause|resume|abort|retry|promote|rollback` */
export function addRolloutDecisionVerbs(rollout: Command, parts: VerbParts): void {
  const verb = (action: RolloutAction): Command =>
    withServer(rollout.command(action))
      .description(descriptions[action])
      .argument('<id>', 'its id, as rollout list shows it')
      .action((id: string, options: DecisionOptions) => decide(id, action, options, parts));
  const why = ['--why <text>', 'for the audit log'] as const;
  for (const action of ['approve', 'pause', 'resume', 'retry', 'rollback'] as const) verb(action).option(...why);
  verb('abort')
    .option('--keep', 'devices that have the release up keep it, for all their calls')
    .option(...why);
  verb('promote')
    .option('--all', 'to the end, not to the next step')
    .requiredOption(...why);
}

async function decide(
  id: string,
  action: RolloutAction,
  options: DecisionOptions,
  { terminal }: VerbParts,
): Promise<void> {
  const { why, keep, all } = options;
  const request: RolloutDecisionRequest = { ...(why && { why }), ...(keep && { keep }), ...(all && { all }) };
  const connection = await connect(options);
  const changed = await connection.post(
    `/api/v1/rollouts/${encodeURIComponent(id)}/${action}`,
    request,
    compiledRollout,
  );
  print(terminal, options, { value: changed, text: rolloutText(changed) });
}
