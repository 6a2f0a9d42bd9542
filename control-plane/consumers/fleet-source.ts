/** What one fleet topic says now. */
export interface FleetNews {
  /** As its schema in shared/contract describes; sent as JSON. */
  readonly document: Readonly<Record<string, unknown>>;
  /** Wall time since when nothing more comes of it; it is retained for a week more. Null: it goes on. */
  readonly endedAtMs: number | null;
}

/** A room that has something to tell on fleet topics of one kind. It is asked, so that what is told is never older than what is so. */
export interface FleetSource {
  /** Everything that there is to tell, by id; what is not in it any more is cleared. Bounded by the room, and made as it is asked for: between two the server does other things. */
  all(): Iterable<readonly [id: string, news: FleetNews]>;
  /** Undefined: there is nothing to tell. */
  of(id: string): FleetNews | undefined;
}
