import { modelNamePattern, versionPattern } from '@bellwether/shared/ids';
import { Type } from '@bellwether/shared/schema';
import { ReleaseList, ReleaseView } from '../http/operator-api.js';
import type { TypedApp } from '../http/typed-app.js';
import type { Views } from '../http/views.js';

const params = Type.Object({
  model: Type.String({ pattern: modelNamePattern }),
  version: Type.String({ pattern: versionPattern }),
});

/** `GET /releases`, `GET /releases/:model/:version`. */
export function releaseRoutes(app: TypedApp, { views }: { readonly views: Views }): void {
  const tags = ['releases'];
  app.get(
    '/releases',
    { config: { access: 'viewer' }, schema: { summary: 'Every release', tags, response: { 200: ReleaseList } } },
    () => ({
      releases: views.releases(),
    }),
  );
  app.get(
    '/releases/:model/:version',
    { config: { access: 'viewer' }, schema: { summary: 'One release', tags, params, response: { 200: ReleaseView } } },
    ({ params: id }) => views.release(id),
  );
}
