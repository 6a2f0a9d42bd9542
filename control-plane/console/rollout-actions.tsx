import type { ComponentChildren } from 'preact';
import type { RolloutAction, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { Action } from './action.js';
import { Check, Field } from './fields.js';
import { textOf } from './form-values.js';
import { formatCount } from './format.js';
import { devicesIn } from './rollout-count.js';
import { stepText } from './rollout-words.js';
import type { ServerApi } from './server-api.js';

interface ActionsProps {
  readonly api: ServerApi;
  readonly rollout: RolloutView;
}

interface Way {
  readonly label: string;
  readonly tone?: 'primary' | 'danger';
  readonly consequence: (rollout: RolloutView) => ComponentChildren;
  readonly fields?: ComponentChildren;
  readonly body?: (form: FormData) => object;
  /** It is said of the step that one sees: of another one it is another question. */
  readonly isOfStep?: true;
}

const why = <Field label="Why (for the audit log)" name="why" maxLength={500} />;

/** What each decision leads to, in the order of the buttons. */
const ways: Readonly<Record<RolloutAction, Way>> = {
  approve: {
    label: 'Approve',
    isOfStep: true,
    tone: 'primary',
    consequence: ({ steps, step }) => {
      const next = steps[step ?? 0];
      return next === undefined ? 'The step that waits begins.' : `At once: ${stepText(next)}.`;
    },
  },
  resume: {
    label: 'Resume',
    tone: 'primary',
    consequence: ({ failed, reason }) => (
      <>
        It goes on where it stopped, and the time of its step begins anew.
        {reason !== null && ` What held it counts as seen: ${reason.text}.`}
        {failed > 0 && ` ${formatCount(failed, 'failure')} no longer count against it.`}
      </>
    ),
  },
  pause: {
    label: 'Pause',
    consequence: () =>
      'No further step and no further device begins; canaries stay. Harm still takes the release back.',
  },
  promote: {
    label: 'Promote',
    isOfStep: true,
    consequence: ({ step, steps }) => {
      const next = steps[(step ?? 0) + 1];
      const leads = next === undefined ? 'the rollout is done' : `next is ${stepText(next)}`;
      return `This step ends without the evidence that it asks for: ${leads}. What the release does there nobody has shown.`;
    },
    fields: (
      <>
        <Field label="Why (for the audit log)" name="why" required maxLength={500} />
        <Check label="To the end: all calls, on every device" name="all" />
      </>
    ),
    body: (form) => ({ why: textOf(form, 'why'), all: form.has('all') }),
  },
  retry: {
    label: 'Retry failed',
    consequence: ({ failed }) => `${formatCount(failed, 'device')} that failed are asked once more.`,
  },
  abort: {
    label: 'Abort',
    tone: 'danger',
    consequence: (rollout) =>
      `The rollout ends and cannot go on. ${formatCount(exposed(rollout), 'device')} go back to the release before.`,
    fields: (
      <>
        {why}
        <Check label="Devices that have the release up keep it" name="keep" />
      </>
    ),
    body: (form) => ({ ...whyOf(form), keep: form.has('keep') }),
  },
  rollback: {
    label: 'Roll back',
    tone: 'danger',
    consequence: (rollout) =>
      `${formatCount(exposed(rollout), 'device')} leave ${rollout.release} within seconds, and no other device gets it by this rollout.`,
  },
};
const order: readonly RolloutAction[] = ['approve', 'resume', 'pause', 'promote', 'retry', 'abort', 'rollback'];

/** What may be decided now, for whoever may; the server says both. */
export function RolloutActions({ api, rollout }: ActionsProps) {
  const { id, release, actions, step } = rollout;
  return (
    <div class="buttons">
      {order
        .filter((action) => actions.includes(action) && (action !== 'retry' || rollout.failed > 0))
        .map((action) => {
          const { label, tone, consequence, fields = why, body = whyOf, isOfStep } = ways[action];
          const seen = isOfStep === true && step !== null ? { step } : {};
          return (
            <Action
              key={'step' in seen ? `${action} ${seen.step}` : action}
              api={api}
              route={`POST /rollouts/:id/${action}`}
              params={{ id }}
              label={label}
              title={`${label}: ${release}`}
              {...(tone && { tone })}
              body={(form) => ({ ...body(form), ...seen })}
            >
              <p>{consequence(rollout)}</p>
              {fields}
            </Action>
          );
        })}
    </div>
  );
}

function whyOf(form: FormData): { readonly why?: string } {
  const text = textOf(form, 'why');
  return text === '' ? {} : { why: text };
}

/** Devices that run it now, beside another release or alone. */
function exposed(rollout: RolloutView): number {
  return devicesIn(rollout, 'installing', 'canary', 'serving', 'settled');
}
