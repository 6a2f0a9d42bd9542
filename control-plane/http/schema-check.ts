import type { FastifySchemaCompiler } from 'fastify';
import { checkSchema, DecodeError } from '@bellwether/shared/contract/decode';
import { Compile, Convert, type TSchema } from '@bellwether/shared/schema';

/** Holds requests against their TypeBox schemas with the same words as every other document. Only query and path are text that may be read as numbers. */
export const checkRequests: FastifySchemaCompiler<TSchema> = ({ schema, httpPart }) => {
  const compiled = Compile(schema);
  return (value: unknown) => {
    try {
      const read = httpPart === 'body' ? value : Convert(schema, value);
      return { value: checkSchema(compiled, read, httpPart ?? 'request') };
    } catch (error) {
      if (error instanceof DecodeError) return { error };
      throw error;
    }
  };
};
