import { watch } from 'node:fs';
import { rename, symlink, writeFile } from 'node:fs/promises';
import type { ServerResponse } from 'node:http';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { Attack } from '../support/attack.js';
import { attackRelease } from '../support/attack-release.js';
import type { AttackWorld } from '../support/attack-world.js';
import { onPatchedDevice } from '../support/hostile-device.js';
import { hiddenExternalDataModel, int4OutputModel } from '../support/onnx-models.js';
import type { Patch } from '../support/patched-product.js';
import type { SampleRelease } from '../support/sample-release.js';

const [firstGraph = new Uint8Array(), firstGolden = new Uint8Array()] = attackRelease('1.0.0').files;
const renamed = (bytes: Uint8Array, from: string, to: string) =>
  Buffer.from(Buffer.from(bytes).toString('latin1').replace(from, to), 'latin1');
/** As the release that serves, in files of its own. */
const graph = renamed(firstGraph, 'identity', 'Identity');
const golden = Buffer.concat([firstGolden, Buffer.from(' ')]);
const newer = attackRelease('1.1.0', 'newer', 'digits', { graph, golden });
/** What the owners published reaches the device, whatever becomes of the release. */
const genuine = ['order', 'production-digits', 'snapshot', 'staging-digits', 'timestamp'];
const manifestBlob = (release: SampleRelease): string => `blobs/${sha256(release.manifest)}`;

/** The same graph under another name: as long, as valid, and not what was signed. */
const otherGraph = renamed(firstGraph, 'identity', 'idEntity');
/** The same golden vectors in another order of fields. */
const otherGolden = Buffer.from(
  Buffer.from(golden)
    .toString()
    .replace(/("inputs":.*),("outputs":.*)(\}\]\} )$/, '$2,$1$3'),
);

const loadedDigest: Patch = {
  module: 'agent/trust/release-verifier',
  guard: 'if (digest !== file.sha256)',
  permissive: 'if (false)',
};
const blobDigest: readonly Patch[] = [
  { module: 'agent/installs/artifact-http', guard: 'if (measured.sha256 !== blob.sha256)', permissive: 'if (false)' },
  { module: 'agent/installs/admission', guard: 'if (file.sha256 !== signed.sha256)', permissive: 'if (false)' },
  loadedDigest,
];
const everyDigest =
  'digests of blobs: when fetched, when admitted, when loaded (artifact-http.ts, admission.ts, release-verifier.ts)';

/** The owners publish and order the newer release; the network answers one of its blobs by itself. */
async function withBlob(
  world: AttackWorld,
  blob: Uint8Array,
  answer: (response: ServerResponse) => void,
): Promise<string> {
  await world.repository.addRelease(newer);
  world.server.answer(`/blobs/sha256/${sha256(blob)}`, (_request, response) => answer(response));
  return world.offer(newer);
}

/** Installs the newer release; the moment that this blob of it is in its place, what `plant` makes takes that place. */
async function swapped(
  world: AttackWorld,
  blob: Uint8Array,
  plant: (planted: string) => Promise<void>,
): Promise<string> {
  const blobs = join(world.stateFolder, 'blobs');
  const planted = join(world.folder, 'planted');
  await plant(planted);
  const isThere = new AbortController();
  const watcher = watch(blobs, { signal: isThere.signal }, (_event, name) => {
    if (name !== sha256(blob)) return;
    isThere.abort();
    void rename(planted, join(blobs, sha256(blob)));
  });
  try {
    return await signedRelease(world, newer);
  } finally {
    watcher.close();
  }
}

/** A release that publisher and approver did sign. */
async function signedRelease(world: AttackWorld, release: SampleRelease): Promise<string> {
  await world.repository.addRelease(release);
  return world.offer(release);
}

const spoiled = (version: string, bytes: Uint8Array): SampleRelease =>
  attackRelease(version, 'spoiled', 'digits', { graph: bytes, golden: firstGolden });

const external = spoiled('1.2.0', hiddenExternalDataModel().bytes);
const int4 = spoiled('1.3.0', int4OutputModel().bytes);

export const attacks: readonly Attack[] = [
  onPatchedDevice({
    id: 'parsing-blob-altered',
    row: 'alters a file of a release on its way, without changing its size',
    attacker: 'network',
    code: 'blob-digest',
    control: everyDigest,
    patches: blobDigest,
    genuine: [...genuine, manifestBlob(newer), `blobs/${sha256(graph)}`],
    attack: (world) => withBlob(world, golden, (response) => response.end(otherGolden)),
  }),
  onPatchedDevice({
    id: 'parsing-blob-exchanged',
    row: 'exchanges the model for another valid one of the same size',
    attacker: 'network',
    code: 'blob-digest',
    control: everyDigest,
    patches: blobDigest,
    genuine: [...genuine, manifestBlob(newer)],
    attack: (world) => withBlob(world, graph, (response) => response.end(otherGraph)),
  }),
  onPatchedDevice({
    id: 'parsing-blob-extended',
    row: 'sends a file of a release with a byte more than is signed, and does not say how long it is',
    attacker: 'network',
    code: 'blob-size',
    control:
      'sizes and digests of blobs: while bytes arrive, when admitted, when loaded (artifact-http.ts, admission.ts, runner-onnx-files.ts, release-verifier.ts)',
    patches: [
      {
        module: 'agent/installs/artifact-http',
        guard: 'if (part.bytes + chunk.byteLength > blob.bytes)',
        permissive: 'if (false)',
      },
      { module: 'agent/installs/admission', guard: 'if (file?.bytes !== signed.bytes)', permissive: 'if (false)' },
      { module: 'agent/inference/runner-onnx-files', guard: 'if (size !== file.bytes)', permissive: 'if (false)' },
      {
        module: 'agent/trust/release-verifier',
        guard: 'if (bytes.byteLength !== file.bytes)',
        permissive: 'if (false)',
      },
      ...blobDigest,
    ],
    genuine: [...genuine, manifestBlob(newer), `blobs/${sha256(graph)}`],
    attack: (world) =>
      withBlob(world, golden, (response) => {
        response.write(golden); // chunked: there is no length to judge
        response.end(' ');
      }),
  }),
  onPatchedDevice({
    id: 'parsing-content-encoding-bomb',
    row: 'answers a blob of some hundred bytes with a gzip of 64 MB',
    attacker: 'network',
    code: 'network',
    control:
      'no content encoding (agent/installs/range-reply.ts) and the signed size while bytes arrive (artifact-http.ts); without both all 64 MB are taken',
    patches: [
      {
        module: 'agent/installs/range-reply',
        guard: "if (encoding !== null && encoding !== 'identity')",
        permissive: 'if (false)',
      },
      {
        module: 'agent/installs/artifact-http',
        guard: 'if (part.bytes + chunk.byteLength > blob.bytes)',
        permissive: 'if (false)',
      },
    ],
    genuine: [...genuine, manifestBlob(newer)],
    attack: async (world) => {
      const bomb = gzipSync(Buffer.alloc(64 * 1024 * 1024));
      const code = await withBlob(world, graph, (response) => {
        response.writeHead(200, { 'content-encoding': 'gzip' });
        response.end(bomb);
      });
      // Then only the digest stops it, when the disk is full.
      return code === 'blob-digest' ? 'passed' : code;
    },
  }),
  onPatchedDevice({
    id: 'parsing-blob-swapped-before-load',
    row: 'exchanges the model on the disk after the agent has hashed it and before the runner reads it',
    attacker: 'a local user',
    code: 'runner-refused',
    control: 'the digest of the very bytes that are loaded (agent/trust/release-verifier.ts)',
    patches: [loadedDigest],
    genuine: [...genuine, manifestBlob(newer), `blobs/${sha256(graph)}`, `blobs/${sha256(golden)}`],
    attack: (world) => swapped(world, graph, (planted) => writeFile(planted, otherGraph)),
  }),
  onPatchedDevice({
    id: 'parsing-blob-linked-before-load',
    row: 'puts a link to a file of its own in the place of the model, after the agent has hashed it',
    attacker: 'a local user',
    code: 'runner-refused',
    control: 'the digest of the very bytes that are loaded (agent/trust/release-verifier.ts)',
    patches: [loadedDigest],
    // The link is none of the files that are compared.
    genuine: [...genuine, manifestBlob(newer), `blobs/${sha256(golden)}`],
    attack: (world) =>
      swapped(world, graph, async (planted) => {
        const own = join(world.folder, 'own.onnx');
        await writeFile(own, otherGraph);
        await symlink(own, planted);
      }),
  }),
  onPatchedDevice({
    id: 'parsing-blob-truncated-before-load',
    row: 'cuts a file of a release off on the disk, after the agent has hashed it',
    attacker: 'a local user',
    code: 'runner-refused',
    control: 'size and digest of the very bytes that are loaded (runner-onnx-files.ts, release-verifier.ts)',
    patches: [
      { module: 'agent/inference/runner-onnx-files', guard: 'if (size !== file.bytes)', permissive: 'if (false)' },
      {
        module: 'agent/trust/release-verifier',
        guard: 'if (bytes.byteLength !== file.bytes)',
        permissive: 'if (false)',
      },
      loadedDigest,
    ],
    genuine: [...genuine, manifestBlob(newer), `blobs/${sha256(graph)}`, `blobs/${sha256(golden)}`],
    // Golden vectors in JSON: what is cut off is the blank at the end.
    attack: (world) => swapped(world, golden, (planted) => writeFile(planted, golden.subarray(0, -1))),
  }),
  onPatchedDevice({
    id: 'parsing-external-data',
    row: 'gets a model signed whose weights, in the body of a loop, lie in a file that nobody signed',
    attacker: 'one publisher',
    code: 'graph',
    control: 'no tensor outside the signed file (shared/models/onnx-external-data.ts)',
    patches: [{ module: 'shared/models/onnx-tensors', guard: 'if (external !== undefined)', permissive: 'if (false)' }],
    genuine: [...genuine, manifestBlob(external), `blobs/${sha256(hiddenExternalDataModel().bytes)}`],
    attack: async (world) => {
      const code = await signedRelease(world, external);
      return code === 'golden' || code === 'load' ? 'passed' : code;
    },
  }),
  onPatchedDevice({
    id: 'parsing-int4-output',
    row: 'gets a model signed whose output has another type than its manifest says: int4, which aborts the process that runs it',
    attacker: 'one publisher',
    code: 'dtype',
    control: 'types of the graph before onnxruntime sees it (agent/inference/runner-onnx-release.ts)',
    patches: [{ module: 'agent/inference/runner-onnx-release', guard: 'checkGraph(graph, manifest);', permissive: '' }],
    genuine: [...genuine, manifestBlob(int4), `blobs/${sha256(int4OutputModel().bytes)}`],
    attack: async (world) => {
      const code = await signedRelease(world, int4);
      return ['probe-died', 'golden', 'load'].includes(code) ? 'passed' : code;
    },
  }),
];
