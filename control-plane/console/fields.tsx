import type { ComponentChildren, JSX } from 'preact';
import { useState } from 'preact/hooks';
import { RefusalNote } from './refusal-note.js';
import type { Refusal } from './server-api.js';

interface FieldOwn {
  readonly label: string;
  readonly name: string;
  /** What to know before one fills it in. */
  readonly hint?: ComponentChildren;
}

/** A labelled line of a form. What it begins with stays, whatever the page is told meanwhile: nobody sends what they have not seen. */
export function Field({ label, hint, defaultValue, ...input }: FieldOwn & JSX.IntrinsicElements['input']) {
  const [first] = useState(defaultValue);
  return (
    <label class="field">
      {label}
      <input autocomplete="off" autocapitalize="none" spellcheck={false} defaultValue={first} {...input} />
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

interface ChoiceProps extends FieldOwn {
  readonly options: ReadonlyArray<readonly [value: string, text: string]>;
  readonly value?: string;
}

/** A labelled choice of a form. It stays what it began with, as a Field does, unless whoever draws it follows it by `onChange`. */
export function Choice({ label, hint, options, value, ...select }: ChoiceProps & JSX.IntrinsicElements['select']) {
  const [first] = useState(value);
  const chosen = select.onChange === undefined ? first : value;
  return (
    <label class="field">
      {label}
      <select defaultValue={chosen} {...select}>
        {options.map(([each, text]) => (
          <option key={each} value={each} selected={each === chosen}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && <small>{hint}</small>}
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

/** A labelled page of text. */
export function TextField({ label, hint, ...area }: FieldOwn & JSX.IntrinsicElements['textarea']) {
  return (
    <label class="field">
      {label}
      <textarea autocomplete="off" autocapitalize="none" spellcheck={false} rows={16} {...area} />
      {hint !== undefined && <small>{hint}</small>}
    </label>
  );
}

interface AtFieldProps {
  /** Of the note; the field names it in `aria-describedby`. */
  readonly id: string;
  readonly refusal: Refusal | null;
  readonly children: ComponentChildren;
}

/** A field, and below it what is wrong with it. */
export function AtField({ id, refusal, children }: AtFieldProps) {
  return (
    <div class="at-field">
      {children}
      <div id={id}>
        <RefusalNote refusal={refusal} />
      </div>
    </div>
  );
}

/** What a field says of itself while something is wrong with it, for those who do not see the note. */
export function wrongField(isWrong: boolean, noteId: string) {
  return isWrong ? ({ 'aria-invalid': 'true', 'aria-describedby': noteId } as const) : {};
}
