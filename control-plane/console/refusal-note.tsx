import type { Refusal } from './server-api.js';

/** What the server did not do, and why: read out when it comes. */
export function RefusalNote({ refusal }: { readonly refusal: Refusal | null }) {
  return (
    <p class="problem" role="alert">
      {refusal !== null && (
        <>
          {refusal.message} <code>{refusal.code}</code>
        </>
      )}
    </p>
  );
}
