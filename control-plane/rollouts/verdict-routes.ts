import { checkSchema } from '@bellwether/shared/contract/decode';
import { parseStrictJson } from '@bellwether/shared/contract/strict-json';
import { Compile, Type } from '@bellwether/shared/schema';
import { KeptVerdictList } from '../http/rollout-api.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Conductor } from './conductor.js';
import { RolloutError } from './rollout-error.js';
import { BundleFile } from './verdict/bundle-file.js';
import type { VerdictStoreSql } from './verdict-store-sql.js';

const id = Type.String({ pattern: '^r[1-9][0-9]{0,9}$' });
const tags = ['rollouts'];
const compiled = Compile(BundleFile);

interface VerdictRouteParts {
  readonly conductor: Conductor;
  readonly store: VerdictStoreSql;
}

/** `GET /rollouts/:id/verdicts`, `GET /rollouts/:id/verdicts/:number`: what was decided, with all that it was decided by. */
export function verdictRoutes(app: TypedApp, { conductor, store }: VerdictRouteParts): void {
  app.get(
    '/rollouts/:id/verdicts',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'The verdicts that something came of',
        tags,
        params: Type.Object({ id }),
        response: { 200: KeptVerdictList },
      },
    },
    ({ params }) => {
      const rollout = conductor.view(params.id);
      return { verdicts: store.of(Number(rollout.id.slice(1))) };
    },
  );
  app.get(
    '/rollouts/:id/verdicts/:number',
    {
      config: { access: 'viewer' },
      schema: {
        summary: 'One verdict, signed: bellwether verdict replay FILE',
        tags,
        params: Type.Object({ id, number: Type.Integer({ minimum: 1 }) }),
        response: { 200: BundleFile },
      },
    },
    ({ params }) => {
      const file = store.file(Number(params.id.slice(1)), params.number);
      if (file === undefined) {
        throw new RolloutError('verdict-unknown', `rollout ${params.id} has no verdict ${params.number}`);
      }
      return checkSchema(compiled, parseStrictJson(Buffer.from(file)), `stored verdict ${params.number}`);
    },
  );
}
