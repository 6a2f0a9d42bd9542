import { readFileSync } from 'node:fs';
import { Socket } from 'node:net';
import { join } from 'node:path';
import { RunnerLink } from '@bellwether/agent/inference/runner-link-process';
import { serveRunner } from '@bellwether/agent/inference/runner-onnx-serve';
import { openSession } from '@bellwether/agent/inference/runner-onnx-session';
import { decodeManifest } from '@bellwether/shared/models/manifest';
import { loadOnnxruntime } from './onnxruntime.js';

/**
 * A runner's main that believes everything: no verifier, no look at the graph, no probe. It is for tests of what the
 * product would not let so far, to see that even then only the runner dies.
 */
const onnxruntime = await loadOnnxruntime();

serveRunner({
  link: new RunnerLink(new Socket({ fd: 3 })),
  load: async ({ blobFolder, manifestSha256 }) => {
    const manifest = decodeManifest(readFileSync(join(blobFolder, manifestSha256)));
    const graph = readFileSync(join(blobFolder, manifest.files[manifest.graph]?.sha256 ?? 'missing'));
    const session = await openSession(onnxruntime, graph, manifest.runtime, []);
    const outputs = manifest.outputs.map((output) => output.name);
    return {
      probe: { verifyMs: 0, loadMs: 0, goldenVectors: 0, p99Micros: 0, rssBytes: 0 },
      run: ({ inputs }) => session.run(inputs, outputs),
    };
  },
  end: () => process.exit(),
});
