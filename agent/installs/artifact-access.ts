/** What opens the artefact plane [T-11]. */
export interface ArtefactAccess {
  /** What a request carries; rejects when there is no right to be had now. */
  headers(signal: AbortSignal): Promise<Readonly<Record<string, string>>>;
  /** The server did not take it: true when a fresh one may help, once. */
  renew(): boolean;
}
