import type { Clock } from '@bellwether/shared/clock';
import type { ArtefactAccess } from '../installs/artifact-access.js';
import type { Session } from './enrolment.js';

/** A token is not used any more when it has less than this left: a download must get through its head. */
const marginMs = 60_000;
/** A token that the server refused so soon after it was given is refused for a reason that a new one does not mend. */
const freshMs = 30_000;

interface ArtefactTokenOptions {
  readonly openSession: (signal: AbortSignal) => Promise<Pick<Session, 'token' | 'expiresInSeconds'>>;
  readonly clock: Clock;
}

interface Held {
  readonly token: string;
  readonly openedMs: number;
  readonly goodUntilMs: number;
}

/** The session token for downloads: opened when it is needed, kept while it is good. Times are monotonic: this clock may be set. */
export class ArtefactToken implements ArtefactAccess {
  readonly #options: ArtefactTokenOptions;
  #held: Held | undefined;

  constructor(options: ArtefactTokenOptions) {
    this.#options = options;
  }

  async headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>> {
    const { clock, openSession } = this.#options;
    if (this.#held === undefined || this.#held.goodUntilMs <= clock.now().monotonicMs) {
      const { token, expiresInSeconds } = await openSession(signal);
      const openedMs = clock.now().monotonicMs;
      this.#held = { token, openedMs, goodUntilMs: openedMs + expiresInSeconds * 1000 - marginMs };
    }
    return { authorization: `Bearer ${this.#held.token}` };
  }

  renew(): boolean {
    const held = this.#held;
    this.#held = undefined;
    return held !== undefined && this.#options.clock.now().monotonicMs - held.openedMs > freshMs;
  }
}

/** A token goes to the server that gave it, and elsewhere only where nobody on the way can read it. */
export function mayCarryToken(serverUrl: string, artefactsUrl: string): boolean {
  const artefacts = new URL(artefactsUrl);
  return artefacts.protocol === 'https:' || artefacts.origin === new URL(serverUrl).origin;
}
