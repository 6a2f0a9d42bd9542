/** Connections that may end on one message alone in flight before it is given up: no link fails that often on the same one by chance. */
const maxClosings = 8;

/**
 * Which messages a broker may be closing the connection on, by id. Whatever was in flight when one ended is a suspect
 * and travels alone from then on, so that the guilty one is found; the others are acknowledged and cleared.
 */
export class Suspects {
  readonly #closings = new Map<string, number>();

  has(id: string): boolean {
    return this.#closings.has(id);
  }

  /** The connection ended on this message, which was the only one in flight, or not; true when it is given up. */
  closedOn(id: string, isAlone: boolean): boolean {
    const closings = (this.#closings.get(id) ?? 0) + (isAlone ? 1 : 0);
    this.#closings.set(id, closings);
    if (closings < maxClosings) return false;
    this.clear([id]);
    return true;
  }

  /** The broker took them, or they are gone. */
  clear(ids: readonly string[]): void {
    for (const id of ids) this.#closings.delete(id);
  }

  /** The first of these that may travel together: one suspect, or everything before the first one. */
  together<T extends { readonly id: string }>(messages: readonly T[]): readonly T[] {
    const first = messages.findIndex(({ id }) => this.has(id));
    if (first === -1) return messages;
    return messages.slice(0, Math.max(1, first));
  }
}
