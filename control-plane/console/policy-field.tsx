import { useState } from 'preact/hooks';
import { presets } from '@bellwether/control-plane/rollouts/policy-presets';
import { AtField, Choice, TextField, wrongField } from './fields.js';
import { writePolicyText } from './policy-text.js';
import type { Refusal } from './server-api.js';

/** The name of the policy that is written here instead of chosen. */
export const ownPolicy = 'own';
/** The field that it is written in. */
export const policyTextField = 'policy-text';

const options: ReadonlyArray<readonly [string, string]> = [
  ['standard', 'standard: shadow, 5 % of the calls, half of them, all; about 80 minutes of holds'],
  ['careful', 'careful: smaller steps, holds of hours, an approval before half of the fleet'],
  ['fast', 'fast: three steps of 30 s, where traffic is plenty'],
  ['hotfix', 'hotfix: one comparison, then everybody'],
  ['direct', 'direct: every device at once, nothing is compared'],
  [ownPolicy, 'of your own, in YAML or JSON'],
];

/** Chooses a policy by name, or writes one: the last preset that was chosen is there to begin with. */
export function PolicyField({ refusal }: { readonly refusal: Refusal | null }) {
  const [name, setName] = useState('standard');
  const [text, setText] = useState('');
  const choose = async (chosen: string) => {
    // At once: what was chosen counts, also while the library that writes is still fetched.
    setName(chosen);
    if (chosen !== ownPolicy || text !== '') return;
    const preset = Object.entries(presets).find(([each]) => each === name)?.[1];
    const written = await writePolicyText(preset ?? presets.standard);
    setText((now) => (now === '' ? written : now));
  };
  const take = async (file: File | undefined) => {
    if (file === undefined) return;
    setText(await file.text());
  };
  const wrong = wrongField(refusal !== null, 'policy-note');
  return (
    <AtField id="policy-note" refusal={refusal}>
      <Choice
        label="Policy"
        name="policy"
        options={options}
        value={name}
        onChange={(event) => void choose(event.currentTarget.value)}
        {...(name === ownPolicy ? {} : wrong)}
      />
      {name === ownPolicy && (
        <>
          <TextField
            label="The policy"
            name={policyTextField}
            value={text}
            onInput={(event) => setText(event.currentTarget.value)}
            {...wrong}
          />
          <label class="field">
            or from a file
            <input
              type="file"
              accept=".yaml,.yml,.json"
              onChange={(event) => void take(event.currentTarget.files?.[0])}
            />
          </label>
        </>
      )}
    </AtField>
  );
}
