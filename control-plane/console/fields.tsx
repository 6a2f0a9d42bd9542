import type { ComponentChildren, JSX } from 'preact';

interface FieldOwn {
  readonly label: string;
  readonly name: string;
  /** What to know before one fills it in. */
  readonly hint?: ComponentChildren;
}

/** A labelled line of a form. */
export function Field({ label, hint, ...input }: FieldOwn & JSX.IntrinsicElements['input']) {
  return (
    <label class="field">
      {label}
      <input autocomplete="off" autocapitalize="none" spellcheck={false} {...input} />
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

/** A password that takes another's place. How good it must be the server says. */
export function NewPassword() {
  return (
    <Field label="New password" name="password" type="password" autocomplete="new-password" required minLength={12} />
  );
}

interface ChoiceProps {
  readonly label: string;
  readonly name: string;
  readonly options: ReadonlyArray<readonly [value: string, text: string]>;
  readonly value?: string;
}

/** A labelled choice of a form. */
export function Choice({ label, name, options, value }: ChoiceProps) {
  return (
    <label class="field">
      {label}
      <select name={name} defaultValue={value}>
        {options.map(([each, text]) => (
          <option key={each} value={each} selected={each === value}>
            {text}
          </option>
        ))}
      </select>
    </label>
  );
}

interface CheckProps {
  readonly label: string;
  readonly name: string;
  readonly value?: string;
  readonly checked?: boolean;
}

/** A box to tick. */
export function Check({ label, name, value = 'on', checked = false }: CheckProps) {
  return (
    <label class="check">
      <input type="checkbox" name={name} value={value} defaultChecked={checked} /> {label}
    </label>
  );
}
