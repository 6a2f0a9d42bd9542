import { describe, expect, it } from 'vitest';
import { checkSchema, DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { Compile, Type } from '@bellwether/shared/schema';

const open = Compile(Type.Object({ name: Type.String(), inner: Type.Object({ count: Type.Integer({ minimum: 0 }) }) }));
const strict = Compile(
  Type.Object(
    { name: Type.String(), list: Type.Array(Type.Object({ a: Type.Number() }, { additionalProperties: false })) },
    { additionalProperties: false },
  ),
);
const decode = (text: string) => decodeDocument(open, Buffer.from(text), { what: 'thing', maxBytes: 100 });

describe('decoding a document', () => {
  it('gives the value, unknown fields kept where the schema is open', () => {
    const value = { name: 'a', inner: { count: 1 }, more: true };
    expect(decode(JSON.stringify(value))).toEqual(value);
  });

  it.each([
    ['{"inner":{"count":1}}', 'thing: must have required properties name'],
    ['{"name":"a","inner":{"count":"1"}}', 'thing at /inner/count: must be integer'],
    ['{"name":"a","inner":{"count":-1}}', 'thing at /inner/count: must be >= 0'],
    ['{"name":5,"inner":{"count":1}}', 'thing at /name: must be string'],
    ['[]', 'thing: must be object'],
  ])('names the field in %s', (text, message) => {
    expect(() => decode(text)).toThrow(new DecodeError('schema', message));
  });

  it('names unknown fields where the schema is strict, before anything else', () => {
    const value = { name: 1, list: [{ a: 1, b: 2 }], labls: {} };
    expect(() => checkSchema(strict, value, 'config')).toThrow(/^config(?: at \/list\/0)?: unknown field (?:labls|b)$/);
    expect(() => checkSchema(strict, { name: 'a', list: [{ a: 1, b: 2 }] }, 'config')).toThrow(
      'config at /list/0: unknown field b',
    );
  });

  it('names in a union what is wrong with the branch that was meant', () => {
    const size = Type.Union([
      Type.Object({ percent: Type.Number({ maximum: 100 }) }, { additionalProperties: false }),
      Type.Object({ devices: Type.Integer() }, { additionalProperties: false }),
    ]);
    const mode = Type.Union([Type.Literal('split'), Type.Literal('full')]);
    const named = Type.Object({ size, mode }, { additionalProperties: false });
    const either = Compile(Type.Union([Type.String(), named]));
    const wordOf = (value: unknown) => {
      try {
        return checkSchema(either, value, 'step');
      } catch (error) {
        return error instanceof DecodeError ? error.message : error;
      }
    };
    expect(wordOf({ size: { percent: 200 }, mode: 'full' })).toBe('step at /size/percent: must be <= 100');
    expect(wordOf({ size: { percent: 20 }, mode: 'half' })).toBe('step at /mode: must be one of split, full');
    expect(wordOf({ size: { percent: 20, devics: 3 }, mode: 'full' })).toBe('step at /size: unknown field devics');
    expect(wordOf({ size: { percent: 20 }, mode: 'full', hold: 1 })).toBe('step: unknown field hold');
    expect(wordOf(null)).toBe('step: must be string');
  });

  it('says which words it would take', () => {
    const word = Compile(Type.Object({ step: Type.Enum(['minute', 'hour']) }));
    const either = Compile(
      Type.Object({ by: Type.Union([Type.Enum(['arm', 'device']), Type.String({ pattern: '^label:' })]) }),
    );
    expect(() => checkSchema(word, { step: 'day' }, 'query')).toThrow('query at /step: must be one of minute, hour');
    expect(() => checkSchema(either, { by: 'foo' }, 'query')).toThrow(
      'query at /by: must be one of arm, device, or match pattern',
    );
  });

  it('judges size before form, and form before schema', () => {
    const codeOf = (text: string) => {
      try {
        decode(text);
        return 'read';
      } catch (error) {
        return error instanceof DecodeError ? error.code : error;
      }
    };
    expect(codeOf('x'.repeat(101))).toBe('too-large');
    expect(codeOf(`{"name":"a","inner":{"count":1}}${' '.repeat(68)}`)).toBe('read');
    expect(codeOf('{"name":"a"')).toBe('malformed');
    expect(codeOf('{}')).toBe('schema');
  });
});
