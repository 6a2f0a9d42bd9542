import { Type } from '@bellwether/shared/schema';
import type { TypedApp } from '../http/typed-app.js';
import { asyncApi } from './async-api.js';
import { messageKinds, schemaDocument } from './message-kinds.js';

interface SchemaRouteParts {
  readonly version: string;
  /** Of the broker, for somebody who reached the server under this host name. */
  readonly mqttUrl: (hostname: string) => string;
}

const params = Type.Object({ name: Type.Enum([...messageKinds.keys()].map((name) => `${name}.schema.json`)) });

/** `GET /asyncapi.json`, `GET /schemas/:name.schema.json`: for anybody, as the description of the REST API is. */
export function schemaRoutes(app: TypedApp, { version, mqttUrl }: SchemaRouteParts): void {
  const tags = ['consumers'];
  const config = { access: 'public' } as const;
  const about = { summary: 'What consumers read over MQTT, as AsyncAPI 3', tags };
  app.get('/asyncapi.json', { config, schema: about }, ({ hostname }) => {
    return asyncApi(version, { mqttUrl: mqttUrl(hostname) });
  });
  const schema = { summary: 'JSON Schema of a message', tags, params };
  app.get('/schemas/:name', { config, schema }, ({ params: { name } }) => {
    return schemaDocument(name.replace('.schema.json', ''));
  });
}
