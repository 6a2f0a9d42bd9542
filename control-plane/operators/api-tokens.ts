import type { Clock } from '@bellwether/shared/clock';
import type { AuditTrail } from '../audit/audit-row.js';
import type { ApiTokenRequest } from '../http/people-api.js';
import { newCredential } from './new-credential.js';
import type { Caller, Credential } from './operator.js';
import { OperatorError } from './operator-error.js';
import type { Operators } from './operators.js';
import { mayActAs } from './role.js';

/** API tokens that one operator may have at a time. */
export const maxTokens = 50;
const dayMs = 24 * 60 * 60_000;

interface ApiTokenParts {
  readonly operators: Operators;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Credentials for programs. */
export class ApiTokens {
  readonly #parts: ApiTokenParts;

  constructor(parts: ApiTokenParts) {
    this.#parts = parts;
  }

  /** One's own credentials; an admin's are everybody's. */
  visibleTo({ name, role }: Caller): readonly Credential[] {
    return this.#parts.operators.credentials().filter(({ operator }) => role === 'admin' || operator === name);
  }

  /**
   * Makes one for oneself, or as an admin for another. It does no more than the one who makes it, and one made with an
   * API token ends no later than that: whoever steals one that ends does not make it last. One without an end can make
   * others that its revocation leaves: they are revoked one by one (docs/security.md). Throws OperatorError
   * `role-insufficient`, `operator-unknown`, `api-token-bounds` or `api-token-limit`.
   */
  create(by: Caller, request: ApiTokenRequest): { readonly credential: Credential; readonly secret: string } {
    const { operators, clock, audit } = this.#parts;
    const owner = operators.find(request.operator ?? by.name);
    if (owner.name !== by.name && by.role !== 'admin') {
      throw new OperatorError('role-insufficient', 'only an admin makes tokens for somebody else');
    }
    if (!mayActAs(by.role, request.role) || !mayActAs(owner.role, request.role)) {
      throw new OperatorError('role-insufficient', `a token for ${owner.name} cannot be ${request.role}`);
    }
    const now = Math.floor(clock.now().wallMs);
    const expiresAtMs = request.days === null ? null : now + request.days * dayMs;
    const limitMs = by.credential.kind === 'api-token' ? by.credential.expiresAtMs : null;
    if (limitMs !== null && (expiresAtMs === null || expiresAtMs > limitMs)) {
      const limit = new Date(limitMs).toISOString();
      throw new OperatorError('api-token-bounds', `the token that makes it ends at ${limit}, and so must this one`);
    }
    const own = operators.credentials().filter(({ operator, kind }) => operator === owner.name && kind === 'api-token');
    if (own.length >= maxTokens) {
      throw new OperatorError('api-token-limit', `${owner.name} has ${own.length} tokens already: revoke some first`);
    }
    const about = { kind: 'api-token', operator: owner.name, label: request.label, role: request.role } as const;
    const made = newCredential({ ...about, expiresAtMs }, now);
    const details = { operator: owner.name, role: request.role, label: request.label, expiresAtMs };
    audit.record({ actor: `operator:${by.name}`, action: 'api-token.create', subject: made.credential.id, details });
    operators.admit(made.credential);
    return made;
  }

  /** One's own, or as an admin anybody's. Throws OperatorError `api-token-unknown`. */
  revoke(by: Caller, id: string): void {
    if (!this.visibleTo(by).some((each) => each.id === id)) {
      throw new OperatorError('api-token-unknown', `there is no token ${id}`);
    }
    this.#parts.operators.revoke(by.name, id, 'api-token.revoke');
  }
}
