import type { SSEMessage } from '@fastify/sse';
import type { Operators } from '../operators/operators.js';
import type { LiveFeed } from './live-feed.js';
import type { Changes, LiveWatcher } from './live-watcher.js';
import { shownBy } from './route-guard.js';
import type { TypedApp } from './typed-app.js';
import type { Views } from './views.js';

interface LiveParts {
  readonly feed: LiveFeed;
  readonly views: Views;
  readonly operators: Pick<Operators, 'stay'>;
}

/** `GET /api/v1/live`: Server-Sent Events as operator-api.ts describes them. Needs @fastify/sse on the app, which sends the comments. */
export function liveRoutes(app: TypedApp, { feed, views, operators }: LiveParts): void {
  const schema = { summary: 'Everything that changes, as Server-Sent Events', tags: ['live'] };
  app.get('/live', { sse: { kind: 'only' }, config: { access: 'viewer' }, schema }, async (request, reply) => {
    const { hostname } = request;
    const over = new AbortController();
    reply.raw.once('close', () => over.abort());
    // Watching begins before the overview is taken: what happens in between is told twice rather than not at all.
    const watcher = feed.watch(over.signal, () => reply.raw.destroy());
    // A watcher that is revoked, or whose time is over, sees nothing more from then on.
    const shown = shownBy(request);
    const leave =
      shown === undefined ? undefined : operators.stay(shown.secret, shown.kinds, () => reply.raw.destroy());
    reply.raw.once('close', () => leave?.());
    await reply.sse.send(messages(watcher, { views, hostname }));
  });
}

async function* messages(
  watcher: LiveWatcher,
  { views, hostname }: { readonly views: Views; readonly hostname: string },
): AsyncGenerator<SSEMessage> {
  const overview = views.overview(hostname);
  yield { event: 'overview', data: overview };
  let told = JSON.stringify(overview.status);
  for (;;) {
    const changes = await watcher.next();
    if (changes === undefined) return;
    yield* messagesOf(changes, views);
    // What waits for a person follows from anything; it is looked at with each batch, and told where it is another.
    const status = views.status(hostname);
    const now = JSON.stringify(status);
    if (now !== told) yield { event: 'status', data: status };
    told = now;
  }
}

function* messagesOf({ devices, rollouts, alerts, releases, events }: Changes, views: Views): Generator<SSEMessage> {
  for (const id of devices) yield { event: 'device', data: views.device(id) };
  for (const id of rollouts) yield { event: 'rollout', data: views.rollout(id) };
  for (const id of alerts) yield { event: 'alert', data: views.alert(id) };
  if (releases) for (const release of views.releases()) yield { event: 'release', data: release };
  for (const event of events) yield { event: 'event', data: event };
}
