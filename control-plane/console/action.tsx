import { useState } from 'preact/hooks';
import { ActionDialog } from './action-dialog.js';
import type { ActionProps } from './action-props.js';

/** A button for whoever may use it. It asks first: the question says what it leads to, and stays when the server refuses. */
export function Action<Reply>(props: ActionProps<Reply>) {
  const { api, route, label, tone = 'plain' } = props;
  // Which question is open, by its number: the browser says "close" a moment after it closed, maybe when the next is open.
  const [asked, setAsked] = useState(0);
  const [closed, setClosed] = useState(0);
  if (!api.may(route)) return null;
  return (
    <>
      <button
        type="button"
        class={`button ${tone}`}
        aria-haspopup="dialog"
        onClick={() => setAsked((last) => last + 1)}
      >
        {label} …
      </button>
      {asked > closed && (
        <ActionDialog key={asked} {...props} close={() => setClosed((last) => Math.max(last, asked))} />
      )}
    </>
  );
}
