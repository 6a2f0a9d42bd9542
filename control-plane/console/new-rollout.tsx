import { useRef, useState } from 'preact/hooks';
import type { RolloutRequest } from '@bellwether/control-plane/http/rollout-api';
import type { RolloutPreview as Preview } from '@bellwether/control-plane/http/rollout-preview-api';
import { rawOf, textOf } from './form-values.js';
import { NewRolloutFields } from './new-rollout-fields.js';
import type { PageProps } from './page.js';
import { hrefOf } from './place.js';
import { ownPolicy, policyTextField } from './policy-field.js';
import { type ReadPolicy, readPolicyText } from './policy-text.js';
import { RefusalNote } from './refusal-note.js';
import { RolloutPreview } from './rollout-preview.js';
import { fieldOf, requestOf } from './rollout-request.js';
import type { Refusal } from './server-api.js';

interface Previewed {
  readonly request: RolloutRequest;
  readonly preview: Preview;
}

/** Makes a rollout: what is to go where and how; then what would come of it; then the button. */
export function NewRollout({ state, api }: Pick<PageProps, 'state' | 'api'>) {
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [previewed, setPreviewed] = useState<Previewed | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const form = useRef<HTMLFormElement>(null);
  /** How often something was chosen or asked: what is answered is shown only to the last question, and of what is chosen now. */
  const round = useRef(0);
  if (!api.may('POST /rollouts/preview')) {
    return (
      <section>
        <p class="empty">
          To begin a rollout one must be an operator. <a href={hrefOf('rollouts')}>All rollouts</a>
        </p>
      </section>
    );
  }
  // What was previewed is what begins: another choice needs another look.
  const changed = () => {
    round.current++;
    setPreviewed(null);
    setRefusal(null);
  };
  const refused = (why: Refusal) => {
    setRefusal(why);
    const field = fieldOf(why);
    const own = form.current?.elements.namedItem(policyTextField);
    const wrong = field === 'policy' && own !== null ? own : form.current?.elements.namedItem(field ?? '');
    if (wrong instanceof HTMLElement) wrong.focus();
  };
  const look = async (filled: FormData) => {
    changed();
    const asked = round.current;
    const isOwn = filled.get('policy') === ownPolicy;
    const read: ReadPolicy = isOwn
      ? await readPolicyText(rawOf(filled, policyTextField))
      : { policy: textOf(filled, 'policy') };
    if (asked !== round.current) return;
    if ('refusal' in read) {
      refused(read.refusal);
      return;
    }
    const request = requestOf(filled, read.policy);
    setIsAsking(true);
    const answer = await api.send<Preview>('POST /rollouts/preview', { body: request });
    setIsAsking(false);
    if (asked !== round.current) return;
    if ('refusal' in answer) refused(answer.refusal);
    else setPreviewed({ request, preview: answer.reply });
  };
  return (
    <>
      <section aria-labelledby="new-title">
        <h2 id="new-title" class="name">
          New rollout
        </h2>
        <form
          ref={form}
          class="new-rollout"
          onInput={changed}
          onSubmit={(event) => {
            event.preventDefault();
            if (!isAsking) void look(new FormData(event.currentTarget));
          }}
        >
          <NewRolloutFields state={state} refusal={refusal} />
          <RefusalNote refusal={refusal !== null && fieldOf(refusal) === null ? refusal : null} />
          <div class="buttons">
            <button type="submit" class={`button ${previewed === null ? 'primary' : ''}`} disabled={isAsking}>
              Preview
            </button>
            <span class="detail">Nothing begins by that.</span>
          </div>
        </form>
      </section>
      {previewed !== null && <RolloutPreview api={api} {...previewed} />}
    </>
  );
}
