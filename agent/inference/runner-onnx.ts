import { Socket } from 'node:net';
import { inspect } from 'node:util';
import { readReleaseEvidence } from '../trust/release-evidence-disk.js';
import { RunnerLink } from './runner-link-process.js';
import { openVerifiedRelease } from './runner-onnx-files.js';
import { loadRelease } from './runner-onnx-release.js';
import { serveRunner } from './runner-onnx-serve.js';
import { yieldArgument, yieldProcessor } from './runner-priority-os.js';
import type { RunnerUser } from './runner-user.js';

/**
 * The runner's main: one process that holds one release. It has an empty environment and one descriptor that
 * matters, number 3, its link to the main process. Started as root, it reads and verifies the release's files, and is
 * somebody else before native code sees them.
 */

// Starting, verifying and loading yield to the runners that serve, where nobody waits for this one yet.
const takeBack = process.argv.includes(yieldArgument) ? yieldProcessor() : () => {};

// Since 1.29 onnxruntime writes a device id and an event store under the home folder unless it is told before it
// loads; so it is imported here and not above.
process.env['ORT_DISABLE_TELEMETRY'] = '1';
const onnxruntime = await import('onnxruntime-node');

// Ctrl-C in a terminal reaches the whole process group; the main process drains first and says when to end.
process.on('SIGINT', () => {});

/** The model's bytes were in a buffer that nobody needs any more: what counts is what stays. */
function rssBytes(): number {
  globalThis.gc?.();
  return process.memoryUsage.rss();
}

/** For ever: without root there is no way back. Every thread of the process follows (glibc). */
function become({ uid, gid }: RunnerUser): void {
  process.setgroups?.([]);
  process.setgid?.(gid);
  process.setuid?.(uid);
}

serveRunner({
  link: new RunnerLink(new Socket({ fd: 3 })),
  load: (message) => {
    if (message.isUrgent === true) takeBack();
    return loadRelease({
      onnxruntime,
      open: async () => {
        const { trust, model, blobFolder, manifestSha256 } = message;
        return openVerifiedRelease(await readReleaseEvidence(trust, model, blobFolder, manifestSha256), message);
      },
      confine: () => {
        if (message.user === undefined) return;
        // The right to it may be root's, which is gone after this.
        takeBack();
        become(message.user);
      },
      // What is measured is measured at the priority that it serves with.
      loaded: takeBack,
      rssBytes,
    });
  },
  end: (fault) => {
    if (fault !== undefined) process.stderr.write(`${inspect(fault)}\n`);
    process.exit(fault === undefined ? 0 : 70);
  },
});
