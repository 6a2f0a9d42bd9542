import type { Me } from '@bellwether/control-plane/http/people-api';

/** Who one is to the server. */
export type Who = NonNullable<Me['operator']>;

/** On every change that the session's cookie goes along with: no other site can send it (the server's session-cookie.ts). */
export const requestMark = { 'x-bellwether-request': 'console' };

/** `Authorization` of a token; without one the session's cookie goes along by itself. */
export function authorizationOf(token: string | null): Record<string, string> {
  return token === null ? {} : { authorization: `Bearer ${token}` };
}

/** Asks who one is; null for nobody. Throws when the server cannot be asked. */
export async function askWho(token: string | null, signal: AbortSignal): Promise<Who | null> {
  const reply = await fetch('api/v1/me', { headers: authorizationOf(token), signal });
  if (!reply.ok) throw new Error(`the server answered ${reply.status}`);
  const { operator } = (await reply.json()) as Me;
  return operator;
}

/** Opens a session, whose cookie no script sees. Answers what is wrong in words, or nothing. */
export async function openSession(name: string, password: string): Promise<string | undefined> {
  const headers = { 'content-type': 'application/json', ...requestMark };
  const body = JSON.stringify({ name, password, as: 'session' });
  try {
    const reply = await fetch('api/v1/logins', { method: 'POST', headers, body });
    return reply.ok ? undefined : await wordsOf(reply);
  } catch {
    return 'The server cannot be reached.';
  }
}

/** Ends the session on the server. That it cannot be reached ends it here all the same, where the cookie is left until its time is over. */
export async function closeSession(): Promise<void> {
  await fetch('api/v1/logins/current', { method: 'DELETE', headers: requestMark }).catch(() => {});
}

async function wordsOf(reply: Response): Promise<string> {
  if (reply.status === 400 || reply.status === 401) return 'The name or the password is wrong.';
  const wait = reply.headers.get('retry-after');
  if (wait !== null) return `Too many tries. Wait ${wait} s.`;
  return `The server answered ${reply.status}.`;
}
