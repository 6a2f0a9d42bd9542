/**
 * Where the operator's token lies in the browser: it comes in the link's fragment, which no server sees, and stays in
 * this tab's session storage; the fragment is removed from the address at once.
 */
export class TokenStore {
  readonly #storage: Storage;

  constructor(storage: Storage, location: Location, history: History) {
    this.#storage = storage;
    const fromLink = new URLSearchParams(location.hash.slice(1)).get('token');
    if (fromLink === null) return;
    storage.setItem('bellwether.token', fromLink);
    history.replaceState(null, '', location.pathname + location.search);
  }

  read(): string | null {
    return this.#storage.getItem('bellwether.token');
  }

  write(token: string): void {
    this.#storage.setItem('bellwether.token', token);
  }
}
