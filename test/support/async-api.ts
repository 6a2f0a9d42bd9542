import { createRequire } from 'node:module';

const require = createRequire(import.meta.url);

/** What @asyncapi/parser makes of a document. */
interface Parsed {
  /** Undefined when the document is none. */
  readonly document: unknown;
  readonly diagnostics: ReadonlyArray<{ readonly severity: number; readonly message: string; readonly path: unknown }>;
}

/** Errors and warnings; what is only advice has a higher number (as in the Language Server Protocol). */
const warning = 1;

/** Every complaint of @asyncapi/parser about a document. It is loaded when it is asked: that takes a second and more. */
export async function asyncApiFaults(text: string): Promise<string[]> {
  const { Parser } = require('@asyncapi/parser') as {
    readonly Parser: new () => { parse(text: string): Promise<Parsed> };
  };
  const { document, diagnostics } = await new Parser().parse(text);
  const faults = diagnostics
    .filter(({ severity }) => severity <= warning)
    .map(({ message, path }) => `${message} at ${JSON.stringify(path)}`);
  return document === undefined ? ['there is no document in it', ...faults] : faults;
}
