import type { Clock } from '@bellwether/shared/clock';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { Compile } from '@bellwether/shared/schema';
import { RolloutView } from '../http/rollout-api.js';
import type { ServerConnection } from '../publisher/server-http.js';
import { CliError } from './cli-error.js';
import type { Moment, Progress } from './progress.js';
import { devicesIn } from './rollout-count.js';
import { targetText } from './rollout-target.js';

/** How often a rollout is looked at. */
const pollMs = 500;

export const compiledRollout = Compile(RolloutView);

/** A server that does not answer is asked again for so long: a restart, or an update, is no outcome. */
const patienceSeconds = 300;

/** Where lines are kept, as in a CI job's log, numbers that only count on are said so often and no more. */
const quietMs = 60_000;

/** How long the reports on the last orders of a rollout that is done are waited for: a device that is away would be waited for without end. */
const lastReportsMs = 30_000;

/** The order is given and its report is not there yet. */
const onTheWay = ['ordered', 'installing', 'canary'] as const;

/** Where nothing more happens without a person. */
const over: ReadonlySet<RolloutView['phase']> = new Set(['done', 'held', 'rolled-back', 'aborted', 'superseded']);

/** What waiting for a rollout needs. */
interface Watch {
  readonly connection: ServerConnection;
  readonly clock: Clock;
  readonly progress: Progress;
  /** Undefined: as long as it takes. */
  readonly timeoutSeconds?: number;
}

/**
 * Shows a rollout until it has ended, one way or the other; throws CliError `timeout`, or `rollout-empty` when there is no
 * device that could end it.
 */
export async function watchRollout(
  id: string,
  { connection, clock, progress, timeoutSeconds }: Watch,
): Promise<RolloutView> {
  const endMs = clock.now().monotonicMs + (timeoutSeconds ?? Number.POSITIVE_INFINITY) * 1000;
  let said = { shape: '', atMs: 0 };
  let doneMs: number | undefined;
  for (;;) {
    const rollout = await look(id, { connection, clock, progress, endMs });
    const moment = momentOf(rollout);
    const lookedMs = clock.now().monotonicMs;
    if (rollout.phase === 'done') doneMs ??= lookedMs;
    const isArriving = doneMs !== undefined && lookedMs - doneMs < lastReportsMs && devicesIn(rollout, ...onTheWay) > 0;
    if (over.has(rollout.phase) && !isArriving) {
      progress.finish(moment);
      return rollout;
    }
    if (rollout.deviceCount === 0) {
      progress.clear();
      throw new CliError('rollout-empty', `${emptyText(rollout)}; nothing to wait for`);
    }
    progress.update(moment);
    const nowMs = clock.now().monotonicMs;
    // The same words with other numbers are no news.
    const shape = moment.detail.replace(/\d[\d.,e+]*/g, '#');
    if (shape !== said.shape || nowMs - said.atMs >= quietMs) {
      progress.step(moment);
      said = { shape, atMs: nowMs };
    }
    if (clock.now().monotonicMs >= endMs) {
      progress.clear();
      throw new CliError(
        'timeout',
        `${rollout.release} is still ${rollout.phase} after ${timeoutSeconds} s: ${moment.detail.replace(`${rollout.phase}: `, '')}; it goes on without this command`,
      );
    }
    await clock.sleep(pollMs);
  }
}

type Look = Omit<Watch, 'timeoutSeconds'> & { readonly endMs: number };

/** The rollout now; while the server is away, later. Throws ServerError `network` when that takes too long. */
async function look(id: string, { connection, clock, progress, endMs }: Look): Promise<RolloutView> {
  const giveUpMs = Math.min(endMs, clock.now().monotonicMs + patienceSeconds * 1000);
  for (let isAway = false; ; isAway = true) {
    try {
      return await connection.get(`/api/v1/rollouts/${encodeURIComponent(id)}`, compiledRollout);
    } catch (error) {
      if (codeOf(error) !== 'network' || clock.now().monotonicMs >= giveUpMs) throw error;
      if (!isAway) progress.step({ label: id, done: 0, total: 1, detail: `${messageOf(error)}; asking again` });
      await clock.sleep(pollMs);
    }
  }
}

/** What is to be said of a rollout that no device is in. */
export function emptyText({ id, release, to }: RolloutView): string {
  return `rollout ${id} of ${release} to ${targetText(to)} reaches no device now; devices that join later get it`;
}

/** `digits@1.1.0  ━━━━━━━━────  2 of 3 devices: 2 serving, 1 installing` */
function momentOf(rollout: RolloutView): Moment {
  const { release, deviceCount, standings, phase, step, steps } = rollout;
  if (step !== null) {
    const arriving = phase === 'done' ? devicesIn(rollout, ...onTheWay) : 0;
    const waitsFor = arriving > 0 ? `the reports of ${arriving} devices on their last order` : rollout.waitsFor;
    const detail = over.has(phase) && arriving === 0 ? phase : `${phase}: ${waitsFor ?? ''}`;
    return { label: release, done: phase === 'done' ? steps.length : step, total: steps.length, detail };
  }
  const done = devicesIn(rollout, 'serving', 'settled');
  const all = [...new Set(standings.map(({ state }) => state))];
  const states = all.map((state) => `${devicesIn(rollout, state)} ${state}`).join(', ');
  const detail = `${done} of ${deviceCount} devices${states === '' ? '' : `: ${states}`}${phase === 'rolling' ? '' : `, ${phase}`}`;
  return { label: release, done, total: deviceCount, detail };
}

/** Throws CliError `rollout-held`, `rollout-rolled-back`, `rollout-aborted` or `rollout-superseded` unless the rollout is done: its outcome is the exit code. */
export function refuseUnfinished(rollout: RolloutView): void {
  const { id, phase, release, devices, deviceCount, reason, step } = rollout;
  const because = reason === null ? '' : `: ${reason.text}`;
  if (phase === 'rolled-back') {
    throw new CliError('rollout-rolled-back', `rollout ${id} of ${release} was taken back${because}`);
  }
  if (phase === 'aborted') throw new CliError('rollout-aborted', `rollout ${id} of ${release} was ended${because}`);
  if (phase === 'held' && step !== null) {
    throw new CliError('rollout-held', `rollout ${id} of ${release} is held in step ${step + 1}${because}`);
  }
  if (phase === 'superseded')
    throw new CliError('rollout-superseded', `rollout ${id} of ${release} gave way to a newer one${because}`);
  if (phase !== 'held') return;
  const first = devices.find(({ state }) => state === 'refused');
  const why = first === undefined ? '' : `: ${first.device} ${first.code ?? ''} ${first.message ?? ''}`.trimEnd();
  throw new CliError(
    'rollout-held',
    `rollout ${id} of ${release} is held, ${devicesIn(rollout, 'refused')} of ${deviceCount} devices refused${why}`,
  );
}
