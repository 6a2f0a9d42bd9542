import { Agent, type Dispatcher, getGlobalDispatcher, Pool, ProxyAgent, setGlobalDispatcher } from 'undici';
import { type ProxySettings, proxyFor } from './proxy.js';

export interface HttpRoute {
  readonly proxy: ProxySettings;
  /** Certificates that are trusted instead of Node's, PEM. */
  readonly ca: string | undefined;
}

/**
 * Makes every `fetch` of this process go through the proxy that its URL has, and trust the given certificates: enrolment,
 * metadata and artefacts. Answers how to undo it. Only a process's main may call it.
 */
export function routeFetch({ proxy, ca }: HttpRoute): () => Promise<void> {
  const tls = ca === undefined ? {} : { ca };
  const dispatcher = new Agent({
    connect: tls,
    factory: (origin, options: object): Dispatcher => {
      const through = proxyFor(new URL(origin), proxy);
      if (through === undefined) return new Pool(origin, options);
      return new ProxyAgent({ uri: through.href, requestTls: tls, proxyTls: tls });
    },
  });
  const before = getGlobalDispatcher();
  setGlobalDispatcher(dispatcher);
  return async () => {
    setGlobalDispatcher(before);
    await dispatcher.destroy();
  };
}
