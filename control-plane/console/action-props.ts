import type { ComponentChildren } from 'preact';
import type { Refusal, ServerApi } from './server-api.js';

/** Something that a person can have the server do, with one of its routes. */
export interface ActionProps<Reply> {
  readonly api: ServerApi;
  /** `POST /devices/:id/approve`: also what says whether the button is there. */
  readonly route: string;
  readonly params?: Readonly<Record<string, string>>;
  /** What is done, in an imperative: `Reject`. */
  readonly label: string;
  /** The question's title, where the label does not say enough: `Reject barn-1`. */
  readonly title?: string;
  readonly tone?: 'plain' | 'primary' | 'danger';
  /** What it will lead to, and the fields that it needs. */
  readonly children: ComponentChildren;
  /** Made of what was filled in; without it the request has none. */
  readonly body?: (form: FormData) => unknown;
  /** What is wrong with what was filled in, before the server is asked. */
  readonly check?: (form: FormData) => Refusal | undefined;
  /** What is shown once, after it was done; without it the question goes away. */
  readonly outcome?: (reply: Reply) => ComponentChildren;
  readonly done?: (reply: Reply) => void;
}
