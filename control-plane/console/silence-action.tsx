import type { Silence } from '@bellwether/control-plane/alerts/silence';
import { Action } from './action.js';
import { Check, Choice, Field } from './fields.js';
import { labelsOf, textOf } from './form-values.js';
import type { ServerApi } from './server-api.js';

const hourMs = 3_600_000;
const times = [
  ['1', '1 hour'],
  ['4', '4 hours'],
  ['24', '1 day'],
  ['168', '7 days'],
] as const;

interface SilenceProps {
  readonly api: ServerApi;
  /** The rule that it is about; left out: every rule. */
  readonly rule?: string;
  /** `hardware=pi4`, to begin with. */
  readonly label?: string;
  readonly done: () => void;
}

/** Tells nobody of some devices, or of a rule, for a time: maintenance. */
export function SilenceAction({ api, rule, label = '', done }: SilenceProps) {
  return (
    <Action<Silence>
      api={api}
      route="POST /alerts/silences"
      label="Silence"
      title={rule === undefined ? 'A silence' : `Silence ${rule}`}
      body={(form) => ({
        untilMs: Date.now() + Number(textOf(form, 'hours')) * hourMs,
        why: textOf(form, 'why'),
        labels: labelsOf(textOf(form, 'labels')),
        ...(textOf(form, 'rule') !== '' && { rules: [textOf(form, 'rule')] }),
      })}
      done={done}
    >
      <p>
        <strong>Nobody is told</strong> of it while it lasts: no webhook, no message to consumers, no count in the
        header. Alerts are kept and shown here. What is still wrong when it is over is told then.
      </p>
      <Choice label="For" name="hours" options={times} value="1" />
      <Field
        label="Of devices with these labels"
        name="labels"
        defaultValue={label}
        placeholder="site=a"
        hint="empty: of all devices, and of what is about no device"
      />
      {rule !== undefined && <Check name="rule" value={rule} label={`only ${rule}`} checked />}
      <Field label="Why (for the audit log, and for whoever wonders)" name="why" required maxLength={500} />
    </Action>
  );
}
