import { userOfClientId } from '../consumers/consumer.js';
import { isAllowed, ownsClientId, type Principal, type TopicAsk } from './broker-access.js';
import { consumerOf, principalOf } from './broker-login.js';
import type { LoginBook } from './login-book.js';

/** What an external broker asks about one connection. It keeps no state here: each question names who asks. */
export interface ConnectionAsk extends TopicAsk {
  readonly userName: string;
  /** Empty where the broker does not say. */
  readonly clientId: string;
  /** Whether this broker asks before each delivery. */
  readonly checksDeliveries: boolean;
}

/** Answers for brokers that are not ours, by the very functions that ours uses [T-11]. */
export class BrokerHook {
  readonly #book: LoginBook;

  constructor(book: LoginBook) {
    this.#book = book;
  }

  /** A broker that does not name the client id at login names it with each topic. */
  async isLogin(userName: string, password: string, clientId: string): Promise<boolean> {
    const id = clientId === '' ? userName : clientId;
    return (await principalOf(this.#book, { userName, password, clientId: id })) !== undefined;
  }

  /** True for somebody who is in: what a broker needs to know where it asks about no topic. */
  isKnown(userName: string): boolean {
    return this.#principal(userName) !== undefined;
  }

  mayUse({ userName, clientId, action, topic, checksDeliveries }: ConnectionAsk): boolean {
    const principal = this.#principal(userName);
    if (principal === undefined || (clientId !== '' && !ownsClientId(principal, clientId))) return false;
    const labelsOf = (device: string) => this.#book.consumers?.labelsOf(device);
    return isAllowed(principal, { action, topic }, { labelsOf, checksDeliveries });
  }

  #principal(userName: string): Principal | undefined {
    if (userOfClientId(userName) !== undefined) return consumerOf(this.#book, userName);
    return this.#book.isMember(userName) ? { kind: 'device', device: userName } : undefined;
  }
}
