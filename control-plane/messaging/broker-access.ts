import { userOfClientId } from '../consumers/consumer.js';
import type { Grant } from '../consumers/grant.js';
import {
  type ConsumerFacts,
  consumerMayRead,
  consumerMaySubscribe,
  maySubscribe,
  publishedBy,
} from './topic-access.js';

/** Who is on a connection. */
export type Principal =
  | { readonly kind: 'device'; readonly device: string }
  | { readonly kind: 'consumer'; readonly userName: string; readonly grant: Grant };

/** What somebody wants to do on a connection. */
export interface TopicAsk {
  readonly action: 'publish' | 'subscribe' | 'receive';
  readonly topic: string;
}

/** True when the client id may be this one's: a device's is its id, a consumer's begins with its user name. */
export function ownsClientId(principal: Principal, clientId: string): boolean {
  return principal.kind === 'device' ? clientId === principal.device : userOfClientId(clientId) === principal.userName;
}

/** The one answer for the embedded broker and for the hook: default deny. */
export function isAllowed(principal: Principal, { action, topic }: TopicAsk, facts: ConsumerFacts): boolean {
  if (principal.kind === 'device') {
    return action === 'publish'
      ? publishedBy(principal.device, topic) !== undefined
      : maySubscribe(principal.device, topic);
  }
  switch (action) {
    case 'publish':
      return false;
    case 'subscribe':
      return consumerMaySubscribe(principal.grant, topic, facts);
    case 'receive':
      return consumerMayRead(principal.grant, topic, facts);
  }
}
