import type { ReadonlySignal } from '@preact/signals';
import { authorizationOf, requestMark, type Who } from './session.js';

/** Why the server did not do what it was asked: a sentence, and its stable code. */
export interface Refusal {
  readonly message: string;
  readonly code: string;
}

/** What came of a request. */
export type Answer<Reply> = { readonly reply: Reply } | { readonly refusal: Refusal };

/** What goes into a request besides its route. */
export interface RequestParts {
  /** For the names in the route's path. */
  readonly params?: Readonly<Record<string, string>>;
  readonly query?: Readonly<Record<string, number | string>>;
  readonly body?: unknown;
}

/** The server as one person may use it. Routes are written as the server writes them: `POST /devices/:id/approve`. */
export class ServerApi {
  readonly #who: ReadonlySignal<Who | null>;
  readonly #token: () => string | null;

  /** `token` answers null where the session's cookie goes along. */
  constructor(who: ReadonlySignal<Who | null>, token: () => string | null) {
    this.#who = who;
    this.#token = token;
  }

  /** Another one each time that the connection to the server was made anew. */
  get session(): object | null {
    return this.#who.value;
  }

  /** Whether the person who is here may use this route: the server has said so. */
  may(route: string): boolean {
    return this.#who.value?.may.includes(route) ?? false;
  }

  /** Asks or changes something. The server is ours and of one build with this page, so that the reply's shape is taken as given. */
  async send<Reply>(route: string, { params = {}, query = {}, body }: RequestParts = {}): Promise<Answer<Reply>> {
    const [method = 'GET', path = ''] = route.split(' ');
    const filled = path.replaceAll(/:(\w+)/g, (_whole, name: string) => encodeURIComponent(params[name] ?? ''));
    const asked = new URLSearchParams(Object.entries(query).map(([name, value]) => [name, String(value)])).toString();
    const headers = {
      ...authorizationOf(this.#token()),
      ...(method !== 'GET' && requestMark),
      ...(body !== undefined && { 'content-type': 'application/json' }),
    };
    const sent = { method, headers, ...(body !== undefined && { body: JSON.stringify(body) }) };
    try {
      const reply = await fetch(`api/v1${filled}${asked === '' ? '' : `?${asked}`}`, sent);
      if (!reply.ok) return { refusal: await refusalOf(reply) };
      return { reply: (reply.status === 204 ? null : await reply.json()) as Reply };
    } catch {
      return { refusal: { message: 'The server cannot be reached.', code: 'network' } };
    }
  }
}

async function refusalOf(reply: Response): Promise<Refusal> {
  const problem = (await reply.json().catch(() => ({}))) as { readonly detail?: string; readonly code?: string };
  return { message: problem.detail ?? `The server answered ${reply.status}.`, code: problem.code ?? 'bad-reply' };
}
