import { Type } from '@bellwether/shared/schema';
import { RolloutList, RolloutRequest, RolloutView } from '../http/operator-api.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';
import type { Conductor } from './conductor.js';

const params = Type.Object({ id: Type.String({ maxLength: 40 }) });

interface RolloutRouteParts {
  readonly conductor: Conductor;
  readonly views: Views;
}

/** `POST /rollouts`, `GET /rollouts`, `GET /rollouts/:id`. */
export function rolloutRoutes(app: TypedApp, { conductor, views }: RolloutRouteParts): void {
  const tags = ['rollouts'];
  app.post(
    '/rollouts',
    { schema: { summary: 'Starts a rollout', tags, body: RolloutRequest, response: { 201: RolloutView } } },
    async ({ body }, reply) => reply.code(201).send(await conductor.create(body)),
  );
  app.get(
    '/rollouts',
    { schema: { summary: 'Every rollout, newest first', tags, response: { 200: RolloutList } } },
    () => ({
      rollouts: views.rollouts(),
    }),
  );
  app.get(
    '/rollouts/:id',
    { schema: { summary: 'One rollout', tags, params, response: { 200: RolloutView } } },
    ({ params: { id } }) => views.rollout(id),
  );
}
