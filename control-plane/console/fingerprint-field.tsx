import { isFingerprint } from '@bellwether/shared/fingerprint';
import { Field } from './fields.js';
import { textOf } from './form-values.js';
import type { Refusal } from './server-api.js';

/** Asks for what the device shows: to look at two fingerprints is not to compare them [T-10]. */
export function FingerprintField() {
  return (
    <Field
      label="Fingerprint that the device shows"
      name="fingerprint"
      required
      minLength={16}
      hint={
        <>
          <code>bellwether-agent status</code> on the device prints it; 16 digits or more
        </>
      }
    />
  );
}

/** What is wrong when the device at hand is not the one that the server knows. */
export function differentKey(known: string, form: FormData): Refusal | undefined {
  if (isFingerprint(known, textOf(form, 'fingerprint'))) return undefined;
  return { message: 'That is another key than the server was shown. Do not let it in.', code: 'fingerprint' };
}
