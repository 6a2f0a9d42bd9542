import type { ComponentChildren } from 'preact';

/** Names and what they are, below each other; a null is left out. */
export function Facts({
  facts,
}: {
  readonly facts: ReadonlyArray<readonly [name: string, what: ComponentChildren] | null>;
}) {
  return (
    <dl class="facts-list">
      {facts.flatMap((fact) =>
        fact === null ? (
          []
        ) : (
          <div key={fact[0]}>
            <dt>{fact[0]}</dt>
            <dd>{fact[1]}</dd>
          </div>
        ),
      )}
    </dl>
  );
}
