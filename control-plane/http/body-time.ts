import type { FastifyInstance } from 'fastify';
import type { Clock } from '@bellwether/shared/clock';

/** Without a login, the body must be there by then. */
export const bodyMs = 20_000;

/**
 * Ends requests whose body drips in: each byte would keep the connection open for two more minutes, and nobody has logged in
 * for it. Operators have, before their body is read, and their uploads may take their time. Add it before any route.
 */
export function limitBodyTime(app: FastifyInstance, clock: Clock): void {
  app.addHook('onRequest', async ({ raw, routeOptions }) => {
    const { access = 'public' } = routeOptions.config;
    if (access !== 'public' && access !== 'device') return;
    const cancel = clock.after(bodyMs, () => {
      // The answer may take longer: a blob is large.
      if (!raw.complete) raw.destroy();
    });
    raw.once('close', cancel);
  });
}
