import { useEffect, useState } from 'preact/hooks';
import type { Refusal, RequestParts, ServerApi } from './server-api.js';

/** Something that the server is asked for, because the live feed does not tell it. */
export interface Resource<Reply> {
  /** The last answer; null before the first. */
  readonly value: Reply | null;
  readonly refusal: Refusal | null;
  /** Asks again. */
  readonly renew: () => void;
}

/** Asks when it is shown, and again whenever `cause` changes or the server is back: nobody told what happened meanwhile. */
export function useResource<Reply>(
  api: ServerApi,
  route: string,
  { cause = '', ...parts }: RequestParts & { readonly cause?: string } = {},
): Resource<Reply> {
  const [value, setValue] = useState<Reply | null>(null);
  const [refusal, setRefusal] = useState<Refusal | null>(null);
  const [round, setRound] = useState(0);
  useEffect(() => {
    let isOver = false;
    void api.send<Reply>(route, parts).then((answer) => {
      // The answer to an earlier question may come after that to a later one.
      if (isOver) return;
      if ('reply' in answer) setValue(answer.reply);
      setRefusal('refusal' in answer ? answer.refusal : null);
    });
    return () => {
      isOver = true;
    };
  }, [api, api.session, route, cause, round]);
  return { value, refusal, renew: () => setRound((last) => last + 1) };
}
