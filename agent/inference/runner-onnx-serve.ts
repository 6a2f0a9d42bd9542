import { checkSchema } from '@bellwether/shared/contract/decode';
import type { Refusal } from '@bellwether/shared/contract/refusal';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { AdmissionRefusal, refusalOf } from '../trust/refusal.js';
import type { Frame } from './runner-frames.js';
import type { RunnerLink } from './runner-link-process.js';
import { frameTypes, type LoadMessage, tensorList, tensorsOf, toRunner } from './runner-messages.js';
import type { LoadedRelease } from './runner-onnx-release.js';

/** onnxruntime can be wordy, and a header is bounded. */
const maxMessageLength = 4000;

interface RunnerParts {
  readonly link: RunnerLink;
  /** Verifies, loads and probes; rejects with AdmissionRefusal. */
  readonly load: (message: LoadMessage) => Promise<LoadedRelease>;
  /** Ends the process: in peace, or because of `fault`. */
  readonly end: (fault?: unknown) => void;
}

/**
 * Serves one release over the link: one `load`, then calls, one at a time in the order they come. The process ends when
 * the other side is gone, since a runner without a parent has nothing to live for, and when it hears what it does not
 * understand.
 */
export function serveRunner({ link, load, end }: RunnerParts): void {
  let release: LoadedRelease | undefined;
  let last = Promise.resolve();

  async function handle(frame: Frame): Promise<void> {
    if (frame.type === frameTypes.infer && release !== undefined) {
      await answer(link, release, frame);
    } else if (frame.type === frameTypes.load && release === undefined) {
      const message = checkSchema(toRunner.load, frame.header, 'load');
      release = await loadOrRefuse(link, frame.id, () => load(message));
    } else {
      throw new TypeError(`a frame of type ${frame.type} out of turn`);
    }
  }

  link.start({
    frame: (frame) => {
      last = last.then(() => handle(frame)).catch(end);
    },
    closed: end,
  });
}

async function loadOrRefuse(
  link: RunnerLink,
  id: number,
  load: () => Promise<LoadedRelease>,
): Promise<LoadedRelease | undefined> {
  try {
    const release = await load();
    link.send(frameTypes.loaded, id, release.probe);
    return release;
  } catch (thrown) {
    link.send(frameTypes.refused, id, refusalFor(thrown));
    return undefined;
  }
}

async function answer(link: RunnerLink, release: LoadedRelease, { id, header, body }: Frame): Promise<void> {
  const { tensors, ...call } = checkSchema(toRunner.infer, header, 'infer');
  const inputs = tensorsOf(tensors, body);
  try {
    const { outputs, computeMicros } = await release.run({ ...call, inputs });
    const bytes = outputs.map((output) => output.data);
    link.send(frameTypes.answer, id, { tensors: tensorList(outputs), computeMicros }, bytes);
  } catch (thrown) {
    link.send(frameTypes.failed, id, { message: shortMessage(thrown) });
  }
}

/** Whatever goes wrong while a release is checked is a reason not to believe it. */
function refusalFor(thrown: unknown): Refusal {
  if (!(thrown instanceof AdmissionRefusal)) {
    return { code: 'runner-refused', message: `${codeOf(thrown) ?? 'unexpected'}: ${shortMessage(thrown)}` };
  }
  const { code, message } = refusalOf(thrown);
  return { code, message: message.slice(0, maxMessageLength) };
}

function shortMessage(thrown: unknown): string {
  return messageOf(thrown).slice(0, maxMessageLength);
}
