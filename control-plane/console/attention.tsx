import { attentionNotes } from './attention-notes.js';
import type { FleetState } from './fleet-state.js';

/** What a person should see to; nothing at all where there is nothing. */
export function Attention({ state }: { readonly state: FleetState }) {
  const status = state.status.value;
  if (status === null) return null;
  const notes = attentionNotes(status, state.nowMs.value);
  if (notes.length === 0) return null;
  return (
    <section class="attention" aria-labelledby="attention-title">
      <h2 id="attention-title">To see to</h2>
      <ul>
        {notes.map(({ tone, sentence, href, command }) => (
          <li key={sentence} class={tone}>
            {href === undefined ? sentence : <a href={href}>{sentence}</a>}{' '}
            {command !== undefined && <code>{command}</code>}
          </li>
        ))}
      </ul>
    </section>
  );
}
