import fastify from 'fastify';
import { describe, expect, it } from 'vitest';
import { replyWithProblems } from '@bellwether/control-plane/http/error-reply';
import { type Log, silentLog } from '@bellwether/shared/log';

describe('a request that fails', () => {
  it('is logged by its route: the secrets of its URL are nobody’s to read', async () => {
    const said: unknown[] = [];
    const log: Log = { ...silentLog, error: (fields) => said.push(fields) };
    const app = fastify();
    replyWithProblems(app, log);
    app.get('/broker/:secret/user', () => {
      throw new Error('the database is gone');
    });
    const reply = await app.inject('/broker/very-secret/user?signature=also-secret');
    expect(reply.statusCode).toBe(500);
    expect(said).toMatchObject([{ method: 'GET', route: '/broker/:secret/user' }]);
    expect(JSON.stringify(said) + reply.body).not.toMatch(/very-secret|also-secret/);
  });
});
