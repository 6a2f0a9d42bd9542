import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { ReleaseView } from '../http/operator-api.js';
import { releaseId } from './release-id.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiled = Compile(ReleaseView);

interface PromoteOptions extends ServerOptions {
  readonly note?: string;
}

interface RejectOptions extends ServerOptions {
  readonly reason: string;
}

/** The verbs of `bellwether release` that ask for an approval, and decline one. */
export function addReleaseReviewVerbs(release: Command, parts: VerbParts): void {
  withServer(release.command('promote'))
    .description('ask the approvers to sign a staged release for production')
    .argument('<release>', 'such as digits@1.0.0')
    .option('--note <text>', 'what they should know')
    .action((text: string, options: PromoteOptions) => promote(text, options, parts));
  withServer(release.command('reject'))
    .description('decline what was asked for; nothing is signed')
    .argument('<release>', 'such as digits@1.0.0')
    .requiredOption('--reason <text>', 'why')
    .action((text: string, options: RejectOptions) => reject(text, options, parts));
}

async function promote(text: string, options: PromoteOptions, { terminal }: VerbParts): Promise<void> {
  const { model, version } = releaseId(text);
  const body = options.note === undefined ? {} : { note: options.note };
  const value = await (await connect(options)).post(`/api/v1/releases/${model}/${version}/promotion`, body, compiled);
  print(terminal, options, {
    value,
    text: `${text} waits for approval: an approver runs bellwether release approve ${text} --key approver.key`,
  });
}

async function reject(text: string, options: RejectOptions, { terminal }: VerbParts): Promise<void> {
  const { model, version } = releaseId(text);
  const body = { reason: options.reason };
  const value = await (await connect(options)).post(`/api/v1/releases/${model}/${version}/rejection`, body, compiled);
  print(terminal, options, { value, text: `${text} is rejected: ${options.reason}` });
}
