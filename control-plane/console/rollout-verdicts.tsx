import { useState } from 'preact/hooks';
import type { KeptVerdict, KeptVerdictList, RolloutView } from '@bellwether/control-plane/http/rollout-api';
import { formatMoment } from './format.js';
import { RefusalNote } from './refusal-note.js';
import { useResource } from './resource.js';
import { verdictText } from './rollout-words.js';
import { saveFile } from './save-file.js';
import type { Refusal, ServerApi } from './server-api.js';

interface VerdictsProps {
  readonly api: ServerApi;
  readonly rollout: RolloutView;
}

/** The verdicts that something came of, signed and with all that they were decided by: also of what is long over. */
export function RolloutVerdicts({ api, rollout }: VerdictsProps) {
  const { id, step, steps, phase } = rollout;
  const cause = `${id} ${step} ${phase}`;
  const { value, refusal } = useResource<KeptVerdictList>(api, 'GET /rollouts/:id/verdicts', { params: { id }, cause });
  const [notSaved, setNotSaved] = useState<Refusal | null>(null);
  if (steps.length === 0) return null;
  const save = async (number: number) => {
    const route = 'GET /rollouts/:id/verdicts/:number';
    const answer = await api.send<unknown>(route, { params: { id, number: String(number) } });
    setNotSaved('refusal' in answer ? answer.refusal : null);
    if ('reply' in answer) saveFile(`${id}-verdict-${number}.json`, [JSON.stringify(answer.reply)]);
  };
  return (
    <section aria-labelledby="verdicts-title">
      <h2 id="verdicts-title">What was decided</h2>
      <RefusalNote refusal={refusal ?? notSaved} />
      {value?.verdicts.length === 0 && <p class="empty">Nothing yet that something came of.</p>}
      <ul class="rows">
        {value?.verdicts.map((verdict) => (
          <Verdict key={verdict.number} verdict={verdict} save={() => void save(verdict.number)} />
        ))}
      </ul>
      {value !== null && value.verdicts.length > 0 && (
        <p class="detail">
          Made again without a server: <code>bellwether verdict replay FILE</code>
        </p>
      )}
    </section>
  );
}

function Verdict({ verdict, save }: { readonly verdict: KeptVerdict; readonly save: () => void }) {
  const { number, atMs, step, value } = verdict;
  return (
    <li>
      <span>
        <span class={`badge verdict-${value}`}>{verdictText(value)}</span> step {step + 1}
        <span class="detail"> · {formatMoment(atMs)}</span>
      </span>
      <button type="button" class="button" onClick={save}>
        Save verdict {number}
      </button>
    </li>
  );
}
