import type { ServerStatus } from '@bellwether/control-plane/http/status-api';
import { hrefOf } from './place.js';

/** On every page: the rollouts that go no further without a person, and the way there. */
export function WaitingRollouts({ waiting }: { readonly waiting: ServerStatus['waitingRollouts'] }) {
  const [first, ...others] = waiting;
  if (first === undefined) return null;
  const what = others.length === 0 ? `${first.release} waits` : `${waiting.length} rollouts wait`;
  return (
    <a
      class="badge warning waits"
      href={others.length === 0 ? hrefOf('rollouts', first.id) : hrefOf('rollouts')}
      title={waiting.map(({ release, why }) => `${release}: ${why}`).join('\n')}
    >
      {what} for a person
    </a>
  );
}
