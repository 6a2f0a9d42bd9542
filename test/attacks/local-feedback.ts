import { connect } from 'node:net';
import { text } from 'node:stream/consumers';
import { attackRequest } from '../support/attack-release.js';
import type { AttackWorld } from '../support/attack-world.js';
import { type HostileDevice, onPatchedDevice } from '../support/hostile-device.js';
import { localCode, localRequest } from '../support/local-http.js';

/** An application's request with an id is answered: [1, 2, 3, 4], so class `four`. */
async function answer({ socketPath }: AttackWorld, id: string): Promise<void> {
  const body = JSON.stringify({ id, ...attackRequest });
  await localRequest({ socketPath }, '/v2/models/digits/infer', { method: 'POST', body });
}

/** Somebody says that an answer was wrong. */
async function accuse({ socketPath }: AttackWorld, id: string): Promise<string> {
  const body = JSON.stringify({ id, label: 'one' });
  return localCode(await localRequest({ socketPath }, '/v2/models/digits/feedback', { method: 'POST', body }));
}

/** Tries at once and a second that are looked at (agent/inference/feedback.ts). */
const [burst, perSecond] = [1000, 100];

/** Guesses by the thousand on one connection, without waiting for an answer: were more looked at than may be in that time? */
async function flood({ socketPath }: AttackWorld): Promise<string> {
  const startedMs = performance.now();
  const socket = connect(socketPath);
  for (let sent = 0; sent < 3_000; sent++) socket.write(written(`guess ${sent}`, 'keep-alive'));
  socket.write(written('parcel 7', 'close'));
  const answers = await text(socket);
  const seconds = (performance.now() - startedMs) / 1000;
  // Not the last one's answer: a try is given back every ten milliseconds, and one in a hundred times it would get that.
  const refused = answers.split('"code":"too-many"').length - 1;
  return 3_001 - refused > burst + perSecond * seconds + 1 ? 'passed' : 'too-many';
}

function written(id: string, connection: 'keep-alive' | 'close'): string {
  const body = JSON.stringify({ id, label: 'one' });
  const head = ['POST /v2/models/digits/feedback HTTP/1.1', 'host: x', `connection: ${connection}`];
  return `${[...head, `content-length: ${body.length}`].join('\r\n')}\r\n\r\n${body}`;
}

const anyAnswer = `({ arm: { model, version: '1.0.0', manifest: '0'.repeat(64), arm: 'stable', segment: 0 },
  classIndex: 0, rows: 1, classes: 4, labels: ['one'], atMs: nowMs, isJudged: false })`;

const specs: readonly Omit<HostileDevice, 'attacker' | 'before'>[] = [
  {
    id: 'local-feedback-guessed',
    row: 'tells that an answer was wrong which was never given, by an id that it made up, to have a good release taken back',
    code: 'unknown-id',
    control: 'only ids that were answered here (agent/inference/feedback.ts)',
    patches: [
      {
        module: 'agent/inference/feedback',
        guard: 'this.#answers.find(model, id)',
        permissive: `this.#answers.find(model, id) ?? ${anyAnswer}`,
      },
    ],
    attack: (world) => accuse(world, 'parcel 8'),
  },
  {
    id: 'local-feedback-twice',
    row: 'tells of one answer again and again that it was wrong',
    code: 'already-given',
    control: 'one label for an answer (agent/inference/feedback-judgement.ts)',
    patches: [
      { module: 'agent/inference/feedback-judgement', guard: 'if (answer.isJudged)', permissive: 'if (false)' },
    ],
    attack: async (world) => {
      await accuse(world, 'parcel 7');
      return accuse(world, 'parcel 7');
    },
  },
  {
    id: 'local-feedback-flood',
    row: 'tries a thousand ids at once, of which the next one would be right',
    code: 'too-many',
    control: 'so many tries at once and a second (agent/inference/feedback.ts)',
    patches: [
      { module: 'agent/inference/feedback', guard: 'if (!this.#allowance.take(nowMs))', permissive: 'if (false)' },
    ],
    attack: flood,
  },
];

/** False ground truth, by whoever may use the local API. */
export const attacks = specs.map((spec) =>
  onPatchedDevice({ ...spec, attacker: 'a local user', before: (world) => answer(world, 'parcel 7') }),
);
