const key = 'bellwether.token';

/** What of the browser the store needs: window.sessionStorage, location and history. */
export interface TokenPlaces {
  readonly storage: {
    getItem(key: string): string | null;
    setItem(key: string, value: string): void;
    removeItem(key: string): void;
  };
  readonly location: { readonly hash: string; readonly pathname: string; readonly search: string };
  readonly history: { replaceState(data: null, unused: string, url: string): void };
}

/**
 * Where the operator's token lies in the browser: it comes in the link's fragment, which no server sees, and stays in
 * this tab's session storage; the fragment is removed from the address at once.
 */
export class TokenStore {
  readonly #places: TokenPlaces;

  constructor(places: TokenPlaces) {
    this.#places = places;
  }

  /** Takes the token out of the address; false when there is none. */
  takeFromLink(): boolean {
    const { location, history } = this.#places;
    const token = new URLSearchParams(location.hash.slice(1)).get('token');
    if (token === null) return false;
    this.write(token);
    history.replaceState(null, '', location.pathname + location.search);
    return true;
  }

  read(): string | null {
    return this.#places.storage.getItem(key);
  }

  write(token: string): void {
    this.#places.storage.setItem(key, token);
  }

  forget(): void {
    this.#places.storage.removeItem(key);
  }
}
