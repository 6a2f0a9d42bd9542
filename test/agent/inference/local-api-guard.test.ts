import { describe, expect, it } from 'vitest';
import { errorAnswer, LocalApiError } from '@bellwether/agent/inference/local-api-error';
import { loopbackGuard } from '@bellwether/agent/inference/local-api-guard';
import { ServingError } from '@bellwether/agent/inference/serving-error';

const token = 'a-token-of-enough-characters';
const good = { host: '127.0.0.1:8081', authorization: `Bearer ${token}` };

function codeFor(headers: Readonly<Record<string, string | undefined>>): string {
  try {
    loopbackGuard(token)(headers, 8081);
  } catch (thrown) {
    if (thrown instanceof LocalApiError) return thrown.code;
    throw thrown;
  }
  return 'passes';
}

describe('the guard of the loopback port', () => {
  it.each([
    ['passes', good],
    ['passes', { ...good, host: 'localhost:8081' }],
    ['host', { ...good, host: 'attacker.example:8081' }],
    ['host', { ...good, host: '127.0.0.1:80' }],
    ['host', { ...good, host: undefined }],
    ['origin', { ...good, origin: 'http://127.0.0.1:8081' }],
    ['origin', { ...good, origin: 'null' }],
    ['unauthorized', { ...good, authorization: undefined }],
    ['unauthorized', { ...good, authorization: `Bearer ${token}x` }],
    ['unauthorized', { ...good, authorization: token }],
  ])('%s: %j', (code, headers) => {
    expect(codeFor(headers)).toBe(code);
  });
});

describe('an error as an app sees it', () => {
  it('has the message and the code', () => {
    expect(errorAnswer(new ServingError('queue-full', 'too many'))).toEqual({
      status: 503,
      body: { error: 'too many', code: 'queue-full' },
    });
  });

  it('says nothing about what is inside the agent', () => {
    const { status, body } = errorAnswer(new TypeError('/secret/path'));
    expect(status).toBe(500);
    expect(body.code).toBe('internal');
    expect(JSON.stringify(body)).not.toContain('secret');
  });
});
