import type { FastifyRequest } from 'fastify';
import { CodedError } from '@bellwether/shared/errors';
import { secretsEqual } from '@bellwether/shared/signing/digest';

export type OperatorErrorCode = 'operator-token-missing' | 'operator-token-invalid';

/** A request without the operator's token. */
export class OperatorError extends CodedError<OperatorErrorCode> {}

/** An onRequest hook: lets a request pass that carries the operator's token as Bearer (RFC 6750). Throws OperatorError. */
export function requireOperator(token: string): (request: FastifyRequest) => Promise<void> {
  return async ({ headers }) => {
    const given = /^Bearer ([\x21-\x7e]+)$/i.exec(headers.authorization ?? '')?.[1];
    if (given === undefined) {
      throw new OperatorError('operator-token-missing', 'this needs the operator’s token: Authorization: Bearer …');
    }
    if (!secretsEqual(given, token))
      throw new OperatorError('operator-token-invalid', 'this is not the operator’s token');
  };
}
