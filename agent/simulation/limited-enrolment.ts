import type { EnrolmentServer } from '../identity/enrolment.js';

/**
 * The server as devices of one process meet it: so many at a time, and the others wait, as thousands of machines would
 * arrive one after the other. Without it each of them would open its HTTP connection at the same moment.
 */
export function limitedEnrolment(server: EnrolmentServer, maxAtOnce: number): EnrolmentServer {
  let busy = 0;
  const waiting: (() => void)[] = [];
  const during = async <T>(act: () => Promise<T>): Promise<T> => {
    if (busy >= maxAtOnce) await new Promise<void>((resolve) => waiting.push(resolve));
    else busy++;
    try {
      return await act();
    } finally {
      const next = waiting.shift();
      if (next === undefined) busy--;
      else next();
    }
  };
  return {
    enrol: (identity, joinToken, signal) => during(() => server.enrol(identity, joinToken, signal)),
    openSession: (identity, audience, signal) => during(() => server.openSession(identity, audience, signal)),
    requestKey: (successor, signal) => during(() => server.requestKey(successor, signal)),
  };
}
