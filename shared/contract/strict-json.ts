import { messageOf } from '../errors.js';

/**
 * JSON as our own formats allow it (RFC 8259 with I-JSON's limits, RFC 7493): UTF-8 without a byte-order mark, no
 * duplicate keys, no `__proto__`, at most 32 levels, numbers finite. JSON.parse takes the last of two equal keys, so
 * two readers could see two documents under one signature [T-4].
 */

const maxDepth = 32;
const number = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const plainText = /[^"\\\u0000-\u001f]*/y;
const space = /[ \t\n\r]*/y;
const escapes: Readonly<Record<string, string>> = {
  '"': '"',
  '\\': '\\',
  '/': '/',
  b: '\b',
  f: '\f',
  n: '\n',
  r: '\r',
  t: '\t',
};

/** Thrown with the place of the fault; callers wrap it in an error of their own. */
export class StrictJsonError extends Error {}

/** Parses bytes strictly; throws StrictJsonError. */
export function parseStrictJson(bytes: Uint8Array): unknown {
  const text = textOf(bytes);
  const plain = parsePlainJson(text);
  if (plain !== undefined) return plain.value;
  const reader = new Reader(text);
  const value = reader.value(0);
  reader.end();
  return value;
}

/**
 * Parses what nobody signs and somebody sends by the thousand: as JSON.parse does, the last of two equal keys stands, but
 * UTF-8 only and at most 32 levels deep. Throws StrictJsonError.
 */
export function parseUnsignedJson(bytes: Uint8Array): unknown {
  let value: unknown;
  try {
    value = JSON.parse(textOf(bytes));
  } catch (cause) {
    if (cause instanceof StrictJsonError) throw cause;
    throw new StrictJsonError(`is not JSON: ${messageOf(cause)}`, { cause });
  }
  if (isDeeper(value, maxDepth)) throw new StrictJsonError(`nests deeper than ${maxDepth} levels`);
  return value;
}

const utf8 = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true });

function textOf(bytes: Uint8Array): string {
  try {
    return utf8.decode(bytes);
  } catch (cause) {
    throw new StrictJsonError('is not UTF-8', { cause });
  }
}

/**
 * What JSON.parse reads of a text that JSON.stringify writes again byte for byte: then no key stands there twice, no number is
 * out of range and nothing is escaped, at a fifth of the reader's time. Most documents are written that way. Undefined: the
 * reader has to judge.
 */
function parsePlainJson(text: string): { readonly value: unknown } | undefined {
  if (text.includes('\\') || text.includes('"__proto__"')) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return JSON.stringify(value) === text && !isDeeper(value, maxDepth) ? { value } : undefined;
  } catch {
    return undefined; // the reader says what is wrong
  }
}

/** True when arrays and objects nest deeper than `levels`. */
function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const inner of Array.isArray(value) ? value : Object.values(value)) if (isDeeper(inner, levels - 1)) return true;
  return false;
}

class Reader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  value(depth: number): unknown {
    this.#match(space);
    const first = this.#text[this.#at];
    if (depth === maxDepth && (first === '{' || first === '[')) this.#fail(`is nested deeper than ${maxDepth} levels`);
    switch (first) {
      case '{':
        return this.#object(depth);
      case '[':
        return this.#array(depth);
      case '"':
        return this.#string();
      case 't':
        return this.#word('true', true);
      case 'f':
        return this.#word('false', false);
      case 'n':
        return this.#word('null', null);
      default:
        return this.#number();
    }
  }

  end(): void {
    this.#match(space);
    if (this.#at !== this.#text.length) this.#fail('has something after its end');
  }

  #object(depth: number): unknown {
    const entries = new Map<string, unknown>();
    this.#at++;
    this.#match(space);
    if (this.#take('}')) return Object.fromEntries(entries);
    for (;;) {
      this.#match(space);
      if (this.#text[this.#at] !== '"') this.#fail('needs a key in double quotes');
      const key = this.#string();
      if (key === '__proto__') this.#fail('has the key __proto__');
      if (entries.has(key)) this.#fail(`has the key ${JSON.stringify(key.slice(0, 80))} twice`);
      this.#match(space);
      if (!this.#take(':')) this.#fail('needs a colon after a key');
      entries.set(key, this.value(depth + 1));
      this.#match(space);
      if (this.#take('}')) return Object.fromEntries(entries);
      if (!this.#take(',')) this.#fail('needs a comma or }');
    }
  }

  #array(depth: number): unknown {
    const result: unknown[] = [];
    this.#at++;
    this.#match(space);
    if (this.#take(']')) return result;
    for (;;) {
      result.push(this.value(depth + 1));
      this.#match(space);
      if (this.#take(']')) return result;
      if (!this.#take(',')) this.#fail('needs a comma or ]');
    }
  }

  #string(): string {
    let result = '';
    this.#at++;
    for (;;) {
      result += this.#match(plainText);
      if (this.#take('"')) return result;
      if (!this.#take('\\')) this.#fail('has a string that does not end, or a bare control character');
      result += this.#escape();
    }
  }

  #escape(): string {
    const letter = this.#text[this.#at] ?? '';
    this.#at++;
    const plain = escapes[letter];
    if (plain !== undefined) return plain;
    const digits = this.#text.slice(this.#at, this.#at + 4);
    if (letter !== 'u' || !/^[0-9a-fA-F]{4}$/.test(digits)) this.#fail('has an unknown escape');
    this.#at += 4;
    return String.fromCharCode(Number.parseInt(digits, 16));
  }

  #number(): number {
    const text = this.#match(number);
    const value = Number(text);
    if (text === '' || !Number.isFinite(value)) this.#fail('has no value there, or a number out of range');
    return value;
  }

  #word<T>(word: string, value: T): T {
    if (!this.#text.startsWith(word, this.#at)) this.#fail('has an unknown word');
    this.#at += word.length;
    return value;
  }

  #match(pattern: RegExp): string {
    pattern.lastIndex = this.#at;
    const found = pattern.exec(this.#text)?.[0] ?? '';
    this.#at += found.length;
    return found;
  }

  #take(character: string): boolean {
    if (this.#text[this.#at] !== character) return false;
    this.#at++;
    return true;
  }

  #fail(why: string): never {
    throw new StrictJsonError(`${why} (at character ${this.#at})`);
  }
}
