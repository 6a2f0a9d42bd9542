import type { Clock } from '@bellwether/shared/clock';
import type { AuditTrail } from '../audit/audit-row.js';
import type { LoginRequest } from '../http/people-api.js';
import type { LoginGuard } from './login-guard.js';
import { newCredential } from './new-credential.js';
import type { Credential, Operator } from './operator.js';
import { OperatorError } from './operator-error.js';
import type { OperatorStore } from './operator-store.js';
import type { Operators } from './operators.js';
import type { PasswordHasher } from './password-hash.js';
import { checkPassword } from './password-rules.js';

/** How long a login is good for, in the browser and in the CLI. */
export const loginMs = 12 * 60 * 60_000;

interface LoginParts {
  readonly operators: Operators;
  readonly store: Pick<OperatorStore, 'findOperator'>;
  readonly guard: LoginGuard;
  readonly hasher: PasswordHasher;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Somebody who has proved who they are. */
export interface LoggedIn {
  readonly operator: Operator;
  readonly credential: Credential & { readonly expiresAtMs: number };
  readonly secret: string;
}

/** Lets people in by their password. */
export class Logins {
  readonly #parts: LoginParts;

  constructor(parts: LoginParts) {
    this.#parts = parts;
  }

  /** Throws OperatorError `login-invalid`, and before anything is hashed `login-locked`, `login-rate`; `login-busy`. */
  async enter({ name, password, as, label }: LoginRequest, address: string): Promise<LoggedIn> {
    const { operators, clock, audit } = this.#parts;
    const operator = await this.#proved({ name, password, address });
    const now = Math.floor(clock.now().wallMs);
    const { credential, secret } = newCredential(
      {
        kind: as === 'session' ? 'session' : 'login',
        operator: name,
        label: label ?? (as === 'session' ? 'browser' : 'command line'),
        // The account's role counts, as it is at each request.
        role: 'admin',
        expiresAtMs: now + loginMs,
      },
      now,
    );
    const details = { address, as, credential: credential.id };
    audit.record({ actor: `operator:${name}`, action: 'login.enter', subject: name, details });
    operators.admit(credential);
    return { operator, credential: { ...credential, expiresAtMs: now + loginMs }, secret };
  }

  /** For oneself, who knows the current one. Throws as `enter` does, and OperatorError `password-weak`. */
  async changeOwn(
    name: string,
    { current, password, address }: { readonly current: string; readonly password: string; readonly address: string },
  ): Promise<void> {
    checkPassword(name, password);
    await this.#proved({ name, password: current, address });
    this.#parts.operators.setPassword(name, name, await this.#parts.hasher.hash(password));
  }

  async #proved(given: {
    readonly name: string;
    readonly password: string;
    readonly address: string;
  }): Promise<Operator> {
    const { store, guard, hasher, clock, audit } = this.#parts;
    const { name, password, address } = given;
    const known = store.findOperator(name);
    const verdict = guard.take({ name, isKnown: known !== undefined, address }, clock.now().monotonicMs);
    if (verdict.kind !== 'try') throw tooMany(verdict);
    const isRight = await hasher.matches(password, known?.password ?? null);
    // Looked up again: the account may be gone since, or have another password.
    const operator = store.findOperator(name);
    if (!isRight || operator === undefined || operator.password !== known?.password) {
      audit.record({ actor: 'anonymous', action: 'login.fail', subject: name, details: { address } });
      throw new OperatorError('login-invalid', 'the name or the password is wrong');
    }
    guard.succeeded(name);
    return operator;
  }
}

function tooMany({ kind, waitMs }: { readonly kind: 'locked' | 'rate'; readonly waitMs: number }): OperatorError {
  const seconds = Math.ceil(waitMs / 1000);
  return kind === 'locked'
    ? new OperatorError('login-locked', `too many failed logins to this account; wait ${seconds} s`, seconds)
    : new OperatorError('login-rate', `too many logins from this address; wait ${seconds} s`, seconds);
}
