import { readFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import type { Command } from 'commander';
import { DecodeError } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import { parseReleaseId } from '@bellwether/shared/ids';
import { Compile } from '@bellwether/shared/schema';
import { ReleaseList, type ReleaseView } from '../http/operator-api.js';
import { approveRelease } from '../publisher/approve.js';
import { openKeyFile } from '../publisher/key-file-disk.js';
import type { RoleChange, Signer } from '../publisher/list-release.js';
import { publishRelease, type TransferProgress } from '../publisher/publish.js';
import { PublisherError } from '../publisher/publisher-error.js';
import { readRelease } from '../publisher/release-source-disk.js';
import { openTrustedRepository } from '../publisher/trusted-repository-tuf.js';
import { CliError } from './cli-error.js';
import { knownPassphrase, type PassphraseOptions, withPassphrase } from './passphrase.js';
import { Progress } from './progress.js';
import { fields, table } from './table.js';
import { bytesText } from './units.js';
import { connect, print, type ServerOptions, serverUrl, type VerbParts, withServer } from './verb.js';

interface SigningOptions extends ServerOptions, PassphraseOptions {
  readonly key: string;
  readonly root?: string;
}

const compiledList = Compile(ReleaseList);

/** `bellwether release …` */
export function addReleaseVerbs(program: Command, parts: VerbParts): void {
  const release = program.command('release').description('publish, approve and look at releases');
  withSigning(release.command('publish'))
    .description('check a release’s folder, sign it for staging with a publisher’s key, and upload it')
    .argument('<folder>', 'the folder with release.yaml')
    .action((folder: string, options: SigningOptions) => publish(folder, options, parts));
  withSigning(release.command('approve'))
    .description('fetch and check a staged release, and sign it for production with an approver’s key')
    .argument('<release>', 'such as digits@1.0.0')
    .action((id: string, options: SigningOptions) => approve(id, options, parts));
  withServer(release.command('list'))
    .description('list the releases in the catalogue')
    .action((options: ServerOptions) => list(options, parts));
  withServer(release.command('show'))
    .description('show one release')
    .argument('<release>', 'such as digits@1.0.0')
    .action((id: string, options: ServerOptions) => show(id, options, parts));
}

function withSigning(command: Command): Command {
  return withPassphrase(withServer(command))
    .requiredOption('--key <file>', 'the private key; it never leaves this machine')
    .option('--root <file>', 'the root that devices pin (default: root.json beside the key)');
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
  const signer = await openSigner(options, parts);
  const result = await approveRelease(id, signer, transferBar(options, parts));
  const checked = `${bytesText(result.checkedBytes)} fetched and hashed`;
  print(parts.terminal, options, {
    value: result,
    text: changeText(result.release, 'production', result.change, checked),
  });
}

async function list(options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  const { releases } = await (await connect(options)).get('/api/v1/releases', compiledList);
  const rows = releases.map((r) => [
    r.release,
    stageText(r),
    bytesText(r.bytes),
    accuracyText(r),
    String(r.devicesServing),
  ]);
  const text =
    rows.length === 0 ? 'No releases yet.' : table(['release', 'stage', 'size', 'accuracy', 'devices'], rows);
  print(terminal, options, { value: releases, text });
}

async function show(id: string, options: ServerOptions, { terminal }: VerbParts): Promise<void> {
  releaseId(id);
  const { releases } = await (await connect(options)).get('/api/v1/releases', compiledList);
  const release = releases.find((each) => each.release === id);
  if (release === undefined) throw new CliError('release-unknown', `there is no release ${id}`);
  const text = fields([
    ['release', release.release],
    ['description', release.description ?? '–'],
    ['stage', stageText(release)],
    ['manifest', `sha256:${release.manifest}`],
    ['size', `${bytesText(release.bytes)} in ${release.files} files`],
    ['inputs', release.inputs.join(', ')],
    ['outputs', release.outputs.join(', ')],
    ['accuracy', accuracyText(release)],
    ['lineage', release.lineage === null ? '–' : `${release.lineage.gitCommit}, ${release.lineage.data}`],
    ['training', release.lineage?.training ?? '–'],
    ['devices', `${release.devicesServing} serving`],
  ]);
  print(terminal, options, { value: release, text });
}

async function openSigner(options: SigningOptions, { terminal, clock }: VerbParts): Promise<Signer> {
  const key = await openKeyFile(options.key, knownPassphrase(options, terminal)).catch((cause: unknown) => {
    if (cause instanceof CodedError && !(cause instanceof DecodeError)) throw cause;
    throw new CliError('file', messageOf(cause), { cause });
  });
  const trustedFile = `${options.key.replace(/\.key$/, '')}.trusted.json`;
  const root = await readRoot(options.root ?? join(dirname(options.key), 'root.json'));
  return {
    key,
    repository: openTrustedRepository({ serverUrl: serverUrl(options), root, trustedFile }),
    server: await connect(options),
    nowMs: clock.now().wallMs,
  };
}

async function readRoot(path: string): Promise<Uint8Array> {
  try {
    return await readFile(path);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw new PublisherError('root-missing', `there is no root file ${path}`, { cause });
  }
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

function releaseId(text: string): { readonly model: string; readonly version: string } {
  const id = parseReleaseId(text);
  if (id === undefined) throw new CliError('usage', `${text} is no release: write MODEL@VERSION, such as digits@1.0.0`);
  return id;
}

function stageText({ staging, production, withdrawn }: ReleaseView): string {
  if (withdrawn !== null) return `withdrawn: ${withdrawn}`;
  if (production) return 'production';
  return staging ? 'staging' : '–';
}

function accuracyText({ accuracy }: ReleaseView): string {
  return accuracy === null ? '–' : `${(accuracy * 100).toFixed(1)}%`;
}
