import { describe, expect, it } from 'vitest';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';

class KitchenError extends CodedError<'burnt' | 'raw'> {}

describe('coded errors', () => {
  it('carry their class, code, message and cause', () => {
    const cause = new Error('oven');
    const error = new KitchenError('burnt', 'the cake is 40 minutes late', { cause });
    expect(error).toMatchObject({ name: 'KitchenError', code: 'burnt', message: 'the cake is 40 minutes late', cause });
    expect(error).toBeInstanceOf(Error);
  });

  it('are read from anything that was thrown', () => {
    expect(codeOf(new KitchenError('raw', ''))).toBe('raw');
    expect(codeOf(Object.assign(new Error('x'), { code: 'ENOENT' }))).toBe('ENOENT');
    for (const thrown of [undefined, null, 'text', 7, new Error('x'), { code: 5 }])
      expect(codeOf(thrown)).toBeUndefined();
    expect(messageOf(new Error('why'))).toBe('why');
    expect(messageOf('text')).toBe('text');
    expect(messageOf(undefined)).toBe('undefined');
  });
});
