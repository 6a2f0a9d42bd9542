import type { Command } from 'commander';
import { Compile } from '@bellwether/shared/schema';
import { ReleaseList, type ReleaseView } from '../http/operator-api.js';
import { CliError } from './cli-error.js';
import { releaseId } from './release-id.js';
import { addReleaseReviewVerbs } from './release-review-verbs.js';
import { addReleaseSigningVerbs } from './release-signing-verbs.js';
import { fields, table } from './table.js';
import { bytesText } from './units.js';
import { connect, print, type ServerOptions, type VerbParts, withServer } from './verb.js';

const compiledList = Compile(ReleaseList);

/** `bellwether release …` */
export function addReleaseVerbs(program: Command, parts: VerbParts): void {
  const release = program.command('release').description('publish, approve, withdraw and look at releases');
  addReleaseSigningVerbs(release, parts);
  addReleaseReviewVerbs(release, parts);
  withServer(release.command('list'))
    .description('list the releases in the catalogue')
    .action((options: ServerOptions) => list(options, parts));
  withServer(release.command('show'))
    .description('show one release')
    .argument('<release>', 'such as digits@1.0.0')
    .action((id: string, options: ServerOptions) => show(id, options, parts));
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

function stageText({ staging, production, withdrawn, promotion }: ReleaseView): string {
  if (withdrawn !== null) return `withdrawn: ${withdrawn}`;
  if (production) return 'production';
  if (promotion?.state === 'pending') return 'staging, approval pending';
  if (promotion?.state === 'rejected') return `staging, rejected: ${promotion.reason}`;
  return staging ? 'staging' : '–';
}

function accuracyText({ accuracy }: ReleaseView): string {
  return accuracy === null ? '–' : `${(accuracy * 100).toFixed(1)}%`;
}
