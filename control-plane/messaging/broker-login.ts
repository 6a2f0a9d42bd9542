import { consumerNamed } from '../consumers/consumer.js';
import { ownsClientId, type Principal } from './broker-access.js';
import type { LoginBook } from './login-book.js';

/** What an MQTT CONNECT says. */
export interface Login {
  readonly clientId: string;
  readonly userName: string;
  readonly password: string;
}

/** Who logs in; undefined when it is nobody, or when the client id is not theirs. */
export async function principalOf(
  book: LoginBook,
  { clientId, userName, password }: Login,
): Promise<Principal | undefined> {
  const principal = consumerOf(book, userName) ?? { kind: 'device', device: userName };
  if (!ownsClientId(principal, clientId)) return undefined;
  if (principal.kind === 'device') return (await book.authenticate(userName, password)) ? principal : undefined;
  return book.consumers?.isPassword(userName, password) === true ? principal : undefined;
}

/** The consumer of a user name; undefined when it is none, or its account has ended. */
export function consumerOf({ consumers }: LoginBook, userName: string): Principal | undefined {
  const grant = consumerNamed(userName) === undefined ? undefined : consumers?.grantOf(userName);
  return grant === undefined ? undefined : { kind: 'consumer', userName, grant };
}
