import type { Gate } from '@bellwether/control-plane/http/route-guard';
import { OperatorError } from '@bellwether/control-plane/operators/operator-error';

/** A gate that knows one admin by one token. */
export function gateOf(known: string): Gate {
  return {
    callerOf: (token) => {
      if (token !== known) throw new OperatorError('operator-token-invalid', 'this token is not known here');
      const times = { createdAtMs: 0, expiresAtMs: null };
      const credential = {
        id: 'c1',
        digest: '',
        kind: 'api-token',
        operator: 'admin',
        label: '',
        role: 'admin',
      } as const;
      return { name: 'admin', role: 'admin', credential: { ...credential, ...times } };
    },
  };
}
