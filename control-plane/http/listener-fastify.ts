import type { FastifyInstance } from 'fastify';
import { listenError } from './listen-error.js';

interface Where {
  readonly host: string;
  readonly httpPort: number;
}

/** The HTTP server on its port. */
export class HttpListener {
  readonly #where: Where;
  readonly #build: () => Promise<FastifyInstance>;
  #app: FastifyInstance | undefined;
  #url = '';

  constructor(where: Where, build: () => Promise<FastifyInstance>) {
    this.#where = where;
    this.#build = build;
  }

  /** `http://127.0.0.1:8080`, once started. */
  get url(): string {
    return this.#url;
  }

  /** Throws ListenError. */
  async start(): Promise<void> {
    const { host, httpPort: port } = this.#where;
    this.#app = await this.#build();
    try {
      this.#url = await this.#app.listen({ host, port });
    } catch (cause) {
      throw listenError({ what: 'HTTP', option: '--http-port', host, port }, cause);
    }
  }

  async stop(): Promise<void> {
    await this.#app?.close();
    this.#app = undefined;
  }
}
