import swagger from '@fastify/swagger';
import swaggerUi from '@fastify/swagger-ui';
import type { FastifyInstance } from 'fastify';

/** OpenAPI 3.1 from the routes' own schemas: read at /docs, as JSON at /docs/json. Register it before the routes. */
export async function openApiDocs(app: FastifyInstance, version: string): Promise<void> {
  await app.register(swagger, {
    // Who may use it stands beside each operation.
    transform: ({ schema, url, route }) => ({ schema: { ...schema, 'x-access': route.config?.access }, url }),
    openapi: {
      openapi: '3.1.0',
      info: { title: 'Bellwether', description: 'The control plane of a fleet of edge models.', version },
      components: {
        securitySchemes: { operator: { type: 'http', scheme: 'bearer', description: 'The operator’s token' } },
      },
      security: [{ operator: [] }],
    },
  });
  await app.register(swaggerUi, { routePrefix: '/docs', staticCSP: true });
}
