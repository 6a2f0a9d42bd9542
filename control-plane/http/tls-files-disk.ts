import { readFile } from 'node:fs/promises';
import { createSecureContext } from 'node:tls';
import { CodedError, messageOf } from '@bellwether/shared/errors';

/** A certificate or key that cannot be used. */
export class TlsError extends CodedError<'tls-unusable'> {}

/** Where certificate (with its chain) and key lie, as PEM. */
export interface TlsPaths {
  readonly cert: string;
  readonly key: string;
}

/** What node:tls takes. */
export interface TlsMaterial {
  readonly cert: Buffer;
  readonly key: Buffer;
  readonly minVersion: 'TLSv1.2';
}

/** A server that can go on with another certificate. */
interface SecureServer {
  setSecureContext(material: TlsMaterial): void;
}

/** The certificate of every listener; it can be exchanged while they run. */
export class TlsFiles {
  readonly #paths: TlsPaths;
  readonly #servers = new Set<SecureServer>();
  #material: TlsMaterial;

  private constructor(paths: TlsPaths, material: TlsMaterial) {
    this.#paths = paths;
    this.#material = material;
  }

  /** Throws TlsError. */
  static async open(paths: TlsPaths): Promise<TlsFiles> {
    return new TlsFiles(paths, await read(paths));
  }

  get material(): TlsMaterial {
    return this.#material;
  }

  /** From now on the server gets each new certificate. */
  follow(server: SecureServer): void {
    this.#servers.add(server);
  }

  /** Reads the files again; connections that stand keep what they have. Throws TlsError, and then everything stays as it was. */
  async reload(): Promise<void> {
    this.#material = await read(this.#paths);
    for (const server of this.#servers) server.setSecureContext(this.#material);
  }
}

async function read(paths: TlsPaths): Promise<TlsMaterial> {
  try {
    const [cert, key] = await Promise.all([readFile(paths.cert), readFile(paths.key)]);
    const material = { cert, key, minVersion: 'TLSv1.2' } as const;
    createSecureContext(material);
    return material;
  } catch (cause) {
    throw new TlsError('tls-unusable', `${paths.cert} and ${paths.key} cannot be used: ${messageOf(cause)}`, { cause });
  }
}
