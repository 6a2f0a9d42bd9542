/** Where one is in the console: the address's fragment, `#/devices/<id>`, says so. The empty path is the fleet. */
export interface Place {
  readonly path: string;
  /** What the page is about, where it is about one thing. */
  readonly subject: string | null;
}

/** Reads a fragment; what is no place is the fleet. */
export function placeOf(hash: string): Place {
  const [, path = '', subject] = /^#\/([a-z-]*)(?:\/([\w.@-]+))?$/.exec(hash) ?? [];
  return { path, subject: subject ?? null };
}

/** The address of a place. */
export function hrefOf(path: string, subject?: string): string {
  return subject === undefined ? `#/${path}` : `#/${path}/${subject}`;
}
