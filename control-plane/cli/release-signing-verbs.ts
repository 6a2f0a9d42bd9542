import type { Command } from 'commander';
import { approveRelease } from '../publisher/approve.js';
import type { RoleChange } from '../publisher/list-release.js';
import { publishRelease, type TransferProgress } from '../publisher/publish.js';
import { readRelease } from '../publisher/release-source-disk.js';
import type { TrialResult } from '../publisher/release-trial.js';
import { tryRelease } from '../publisher/release-trial-process.js';
import { withdrawRelease } from '../publisher/withdraw.js';
import { Progress } from './progress.js';
import { releaseId } from './release-id.js';
import { openSigner, type SigningOptions, withSigning } from './release-signer.js';
import { fields } from './table.js';
import { bytesText } from './units.js';
import { print, type ServerOptions, type VerbParts } from './verb.js';

/** The verbs of `bellwether release` that sign. */
export function addReleaseSigningVerbs(release: Command, parts: VerbParts): void {
  withSigning(release.command('publish'))
    .description('check a release’s folder, sign it for staging with a publisher’s key, and upload it')
    .argument('<folder>', 'the folder with release.yaml')
    .action((folder: string, options: SigningOptions) => publish(folder, options, parts));
  withSigning(release.command('approve'))
    .description(
      'fetch and hash a staged release, run its golden vectors and benchmark, and sign it for production with an approver’s key',
    )
    .argument('<release>', 'such as digits@1.0.0')
    .action((id: string, options: SigningOptions) => approve(id, options, parts));
  withSigning(release.command('withdraw'))
    .description(
      'sign a tombstone with a publisher’s or an approver’s key: devices that run it fall back, none takes it',
    )
    .argument('<release>', 'such as digits@1.0.0')
    .requiredOption('--reason <text>', 'why; devices report it')
    .action((id: string, options: WithdrawOptions) => withdraw(id, options, parts));
}

interface WithdrawOptions extends SigningOptions {
  readonly reason: string;
}

async function publish(folder: string, options: SigningOptions, parts: VerbParts): Promise<void> {
  const release = await readRelease(folder);
  const signer = await openSigner(options, parts);
  const result = await publishRelease(release, signer, transferBar(options, parts));
  const uploaded = `${bytesText(result.uploadedBytes)} uploaded, ${bytesText(result.skippedBytes)} were there`;
  print(parts.terminal, options, {
    value: result,
    text: changeText(result.release, 'staging', result.change, uploaded),
  });
}

async function approve(text: string, options: SigningOptions, parts: VerbParts): Promise<void> {
  const id = releaseId(text);
  const approver = { ...(await openSigner(options, parts)), trial: tryRelease };
  const result = await approveRelease(id, approver, transferBar(options, parts));
  const checked = `${bytesText(result.checkedBytes)} fetched and hashed`;
  const effort = `${checked}; ${trialText(result.trial)}`;
  print(parts.terminal, options, {
    value: result,
    text: changeText(result.release, 'production', result.change, effort),
  });
}

async function withdraw(text: string, options: WithdrawOptions, parts: VerbParts): Promise<void> {
  const change = await withdrawRelease(releaseId(text), options.reason, await openSigner(options, parts));
  const said = change.isNew
    ? `${text} is withdrawn: ${options.reason}\n${fields([['signed', `${change.role} version ${change.version}`]])}`
    : `${text} was withdrawn already (${change.role} version ${change.version}). Nothing was signed.`;
  print(parts.terminal, options, { value: change, text: said });
}

function trialText({ goldenVectors, benchmark }: TrialResult): string {
  const score = benchmark && `, ${(benchmark.accuracy * 100).toFixed(1)}% of ${benchmark.samples} samples right`;
  return `${goldenVectors} golden vectors agree${score ?? ''}`;
}

function transferBar(options: ServerOptions, { terminal }: VerbParts): (progress: TransferProgress) => void {
  const bar = new Progress(terminal, options.json === true);
  return ({ file, state, doneBytes, totalBytes }) => {
    const total = bytesText(totalBytes);
    const details = { moving: `${bytesText(doneBytes)} of ${total}`, done: total, skipped: `${total}, there already` };
    const moment = { label: file, done: doneBytes, total: totalBytes, detail: details[state] };
    if (state === 'moving') bar.update(moment);
    else bar.finish(moment);
  };
}

function changeText(release: string, stage: string, change: RoleChange, effort: string): string {
  if (!change.isNew)
    return `${release} is listed in ${stage} already (${change.role} version ${change.version}). Nothing was signed.`;
  return [
    `${release} is listed in ${stage}.`,
    fields([
      ['signed', `${change.role} version ${change.version}`],
      ['added', change.path],
      ['manifest', `sha256:${change.sha256} (${bytesText(change.bytes)})`],
      ['files', effort],
    ]),
  ].join('\n');
}
