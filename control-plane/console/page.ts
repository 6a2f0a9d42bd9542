import type { JSX } from 'preact';
import type { FleetState } from './fleet-state.js';
import type { ServerApi } from './server-api.js';

/** What every page gets. */
export interface PageProps {
  readonly state: FleetState;
  readonly api: ServerApi;
  /** What the page is about, from the address. */
  readonly subject: string | null;
}

/** A page of the console. */
export interface Page {
  /** Its part of the address. */
  readonly path: string;
  readonly title: string;
  /** It is there for whoever may use this route. */
  readonly needs: string;
  /** Left out of the navigation: one comes to it by a link. */
  readonly isDetail?: true;
  /** How much waits there. */
  readonly waiting?: (state: FleetState) => number;
  readonly Content: (props: PageProps) => JSX.Element | null;
}
