/** Reads Server-Sent Events from text that comes in pieces (WHATWG HTML §9.2.6): `event` and `data` fields, comments passed over. */
export class EventStreamParser {
  readonly #emit: (name: string, data: string) => void;
  #rest = '';
  #name = 'message';
  #data: string[] = [];

  constructor(emit: (name: string, data: string) => void) {
    this.#emit = emit;
  }

  push(text: string): void {
    // A carriage return at the end may be the first half of a line end: it waits for what follows.
    const lines = (this.#rest + text).split(/\r\n|\n|\r(?!$)/);
    this.#rest = lines.pop() ?? '';
    for (const line of lines) this.#line(line);
  }

  #line(line: string): void {
    if (line === '') {
      if (this.#data.length > 0) this.#emit(this.#name, this.#data.join('\n'));
      this.#name = 'message';
      this.#data = [];
      return;
    }
    const colon = line.indexOf(':');
    const field = colon < 0 ? line : line.slice(0, colon);
    const value = colon < 0 ? '' : line.slice(colon + 1).replace(/^ /, '');
    if (field === 'event') this.#name = value;
    else if (field === 'data') this.#data.push(value);
  }
}
