import type { ComponentChildren } from 'preact';
import { useEffect, useId, useRef, useState } from 'preact/hooks';
import type { ActionProps } from './action-props.js';
import { RefusalNote } from './refusal-note.js';
import type { Refusal } from './server-api.js';

interface DialogProps<Reply> extends ActionProps<Reply> {
  readonly close: () => void;
}

/** The question before an action, and its outcome. The browser's own dialog keeps the focus inside, and gives it back. */
export function ActionDialog<Reply>(props: DialogProps<Reply>) {
  const { label, title = label, close } = props;
  const dialog = useRef<HTMLDialogElement>(null);
  const titleId = useId();
  const [outcome, setOutcome] = useState<ComponentChildren>(null);
  useEffect(() => dialog.current?.showModal(), []);
  const end = () => dialog.current?.close();
  return (
    <dialog ref={dialog} aria-labelledby={titleId} onClose={close}>
      <h2 id={titleId}>{title}</h2>
      {outcome === null ? (
        <Question {...props} cancel={end} show={setOutcome} />
      ) : (
        <>
          {outcome}
          <div class="buttons">
            <button type="button" class="button primary" onClick={end}>
              Done
            </button>
          </div>
        </>
      )}
    </dialog>
  );
}

interface QuestionProps<Reply> extends DialogProps<Reply> {
  readonly cancel: () => void;
  readonly show: (outcome: ComponentChildren) => void;
}

function Question<Reply>({ api, route, params, label, tone, children, ...props }: QuestionProps<Reply>) {
  const { body, check, outcome, done, cancel, show } = props;
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [isAsking, setIsAsking] = useState(false);
  const submit = async (form: FormData) => {
    const wrong = check?.(form);
    setRefusal(wrong ?? null);
    if (wrong !== undefined || isAsking) return;
    setIsAsking(true);
    const answer = await api.send<Reply>(route, { ...(params && { params }), ...(body && { body: body(form) }) });
    setIsAsking(false);
    if ('refusal' in answer) {
      setRefusal(answer.refusal);
      return;
    }
    if (outcome === undefined) cancel();
    else show(outcome(answer.reply));
    done?.(answer.reply);
  };
  return (
    <form
      onSubmit={(event) => {
        event.preventDefault();
        void submit(new FormData(event.currentTarget));
      }}
    >
      {children}
      <RefusalNote refusal={refusal} />
      <div class="buttons">
        <button type="button" class="button" onClick={cancel}>
          Cancel
        </button>
        <button type="submit" class={`button ${tone === 'danger' ? 'danger' : 'primary'}`} disabled={isAsking}>
          {label}
        </button>
      </div>
    </form>
  );
}
