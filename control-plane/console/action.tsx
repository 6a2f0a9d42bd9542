import { useState } from 'preact/hooks';
import { ActionDialog } from './action-dialog.js';
import type { ActionProps } from './action-props.js';

/** A button for whoever may use it. It asks first: the question says what it leads to, and stays when the server refuses. */
export function Action<Reply>(props: ActionProps<Reply>) {
  const { api, route, label, tone = 'plain' } = props;
  const [isOpen, setIsOpen] = useState(false);
  if (!api.may(route)) return null;
  return (
    <>
      <button type="button" class={`button ${tone}`} aria-haspopup="dialog" onClick={() => setIsOpen(true)}>
        {label} …
      </button>
      {isOpen && <ActionDialog {...props} close={() => setIsOpen(false)} />}
    </>
  );
}
