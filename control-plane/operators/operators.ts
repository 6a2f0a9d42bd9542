import { randomBytes } from 'node:crypto';
import type { Clock } from '@bellwether/shared/clock';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { AuditTrail } from '../audit/audit-row.js';
import type { Caller, Credential } from './operator.js';
import { OperatorError } from './operator-error.js';
import type { OperatorStore } from './operator-store.js';
import { lesserRole } from './role.js';

/** The first operator, made on the first start. */
export const firstOperator = 'admin';

interface OperatorParts {
  readonly store: OperatorStore;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Who may do what: operators, and what they show to be let in. */
export class Operators {
  readonly #parts: OperatorParts;

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  /** Makes the first admin with this token, once: on a server that knows nobody. */
  begin(token: string | undefined): void {
    const { store, clock, audit } = this.#parts;
    if (token === undefined || store.operators().length > 0) return;
    const createdAtMs = Math.floor(clock.now().wallMs);
    const credential: Credential = {
      id: newCredentialId(),
      digest: sha256(Buffer.from(token)),
      kind: 'api-token',
      operator: firstOperator,
      label: 'operator.token',
      role: 'admin',
      createdAtMs,
      expiresAtMs: null,
    };
    store.insertOperator({ name: firstOperator, role: 'admin', password: null, createdAtMs }, credential);
    audit.record({
      actor: 'server',
      action: 'operator.add',
      subject: firstOperator,
      details: { role: 'admin', credential: credential.id },
    });
  }

  /**
   * Who shows this token. It is looked up by its digest: the time it takes says nothing about the token itself. Throws
   * OperatorError `operator-token-invalid` when it is unknown, revoked or over.
   */
  callerOf(token: string): Caller {
    const { store, clock } = this.#parts;
    const credential = store.findCredential(sha256(Buffer.from(token)));
    const operator = credential === undefined ? undefined : store.findOperator(credential.operator);
    const isOver = (credential?.expiresAtMs ?? Number.POSITIVE_INFINITY) <= clock.now().wallMs;
    if (credential === undefined || operator === undefined || isOver) {
      throw new OperatorError('operator-token-invalid', 'this token is not known here, was revoked, or is over');
    }
    return { name: operator.name, role: lesserRole(operator.role, credential.role), credential };
  }
}

/** What a credential is called in lists and in the audit log; it says nothing about the secret. */
function newCredentialId(): string {
  return randomBytes(6).toString('hex');
}
