import fastify from 'fastify';
import { expect, it } from 'vitest';
import { writeReplies } from '@bellwether/control-plane/http/reply-text';
import { Type } from '@bellwether/shared/schema';

it('writes what the schema of a reply names and nothing else: a stored secret beside it stays inside', async () => {
  const app = fastify();
  app.setSerializerCompiler(writeReplies);
  const Operator = Type.Object({ name: Type.String(), since: Type.Integer() });
  const stored = { name: 'alice', since: 3, passwordDigest: 'never shown' };
  app.get('/one', { schema: { response: { 200: Operator } } }, () => stored);
  app.get('/all', { schema: { response: { 200: Type.Array(Operator) } } }, () => [stored, stored]);
  const shown = { name: 'alice', since: 3 };
  const read = async (url: string): Promise<unknown> => (await app.inject({ url })).json();
  expect(await read('/one')).toEqual(shown);
  expect(await read('/one')).toEqual(shown);
  expect(await read('/all')).toEqual([shown, shown]);
  await app.close();
});
