import type { Who } from './session.js';

interface WhoProps {
  readonly who: Who;
  readonly signOut: () => void;
}

/** Who is signed in, in which role, and the way out. */
export function WhoIsHere({ who, signOut }: WhoProps) {
  return (
    <div class="who">
      <span class="who-name">{who.name}</span>
      {who.role !== who.name && <span class="who-role">{who.role}</span>}
      <button type="button" class="quiet" onClick={signOut}>
        Sign out
      </button>
    </div>
  );
}
