import { formatReleaseId } from '@bellwether/shared/ids';
import type { CatalogRelease } from '../catalog/catalog.js';
import type { ReleaseView } from '../http/operator-api.js';
import type { Device } from './device.js';

/** A release as the operator sees it. */
export function releaseView(
  release: CatalogRelease,
  { devicesServing, promotion }: Pick<ReleaseView, 'devicesServing' | 'promotion'>,
): ReleaseView {
  const { model, version, manifest, staging, production, withdrawn, bytes, manifestDocument: document } = release;
  const { lineage } = document;
  return {
    release: formatReleaseId(release),
    model,
    version,
    manifest,
    staging,
    production,
    withdrawn,
    bytes,
    files: Object.keys(document.files).length,
    description: document.description ?? null,
    inputs: appTensors(document.inputs),
    outputs: appTensors(document.outputs),
    accuracy: document.benchmark?.value ?? null,
    accuracySamples: document.benchmark?.samples ?? null,
    lineage: { gitCommit: lineage.gitCommit, data: lineage.data.id, training: lineage.training },
    devicesServing,
    promotion,
  };
}

/** The digests of the manifests that a device serves, by its own report. */
export function manifestsServed({ report }: Device): string[] {
  return (report?.models ?? []).flatMap(({ serving }) => (serving === null ? [] : [serving.manifest]));
}

function appTensors(
  tensors: readonly {
    readonly name: string;
    readonly dtype: string;
    readonly shape: readonly number[];
    readonly role: string;
  }[],
): string[] {
  return tensors
    .filter(({ role }) => role === 'app')
    .map(({ name, dtype, shape }) => `${name} ${dtype}[${shape.join(',')}]`);
}
