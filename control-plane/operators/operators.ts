import type { Clock } from '@bellwether/shared/clock';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { AuditTrail } from '../audit/audit-row.js';
import { newCredential } from './new-credential.js';
import type { Caller, Credential, CredentialKind, Operator } from './operator.js';
import { OperatorError } from './operator-error.js';
import type { OperatorStore } from './operator-store.js';
import { lesserRole, type Role } from './role.js';

/** The first operator, made on the first start. */
export const firstOperator = 'admin';
const firstCredential = {
  kind: 'api-token',
  operator: firstOperator,
  label: 'operator.token',
  role: 'admin',
  expiresAtMs: null,
} as const;
/** A timer that waits longer fires at once (Node's own bound is 2^31 ms). */
const maxWaitMs = 24 * 60 * 60_000;

interface OperatorParts {
  readonly store: OperatorStore;
  readonly clock: Clock;
  readonly audit: AuditTrail;
}

/** Somebody who stays: a live connection that ends with the right to it. */
interface Guest {
  readonly token: string;
  readonly kinds: readonly CredentialKind[];
  readonly end: () => void;
}

/**
 * Who may do what: operators, and what they show to be let in. Each call that changes something is one row of the audit log:
 * before a right is given, and after one is taken, so that neither a full disk nor a crash gives one unseen or keeps one.
 */
export class Operators {
  readonly #parts: OperatorParts;
  readonly #guests = new Set<Guest>();

  constructor(parts: OperatorParts) {
    this.#parts = parts;
  }

  /** Makes the first admin with this token, once: on a server that knows nobody. `isRecovery`: whoever is known, as `#recover` says. */
  begin(token: string | undefined, isRecovery = false): void {
    const { store, audit } = this.#parts;
    if (token === undefined) return;
    if (store.operators().length > 0) {
      if (isRecovery) this.#recover(token);
      return;
    }
    const createdAtMs = this.#now();
    const { credential } = newCredential(firstCredential, createdAtMs, token);
    const operator: Operator = { name: firstOperator, role: 'admin', password: null, createdAtMs };
    const details = { role: 'admin', credential: credential.id };
    audit.record({ actor: 'server', action: 'operator.add', subject: firstOperator, details });
    store.insertOperator(operator, credential);
  }

  /**
   * Makes this token the first admin's, in place of the one before: for whoever lost every way in but owns the server's
   * folder. The account is an admin's again, whatever became of it.
   */
  #recover(token: string): void {
    const { store, audit } = this.#parts;
    const now = this.#now();
    const { credential } = newCredential(firstCredential, now, token);
    const details = { credential: credential.id };
    audit.record({ actor: 'server', action: 'operator.recover', subject: firstOperator, details });
    const former = this.credentials().filter((each) => each.label === firstCredential.label);
    for (const { id, operator } of former) if (operator === firstOperator) store.removeCredential(id);
    if (store.findOperator(firstOperator) === undefined) {
      store.insertOperator({ name: firstOperator, role: 'admin', password: null, createdAtMs: now }, undefined);
    }
    store.setRole(firstOperator, 'admin');
    store.insertCredential(credential, now);
  }

  /**
   * Who shows this secret, of one of these kinds. It is looked up by its digest: the time it takes says nothing about
   * the secret itself. Throws OperatorError `operator-token-invalid` when it is unknown, revoked or over.
   */
  callerOf(token: string, kinds: readonly CredentialKind[]): Caller {
    const { store } = this.#parts;
    const credential = store.findCredential(sha256(Buffer.from(token)));
    const operator = credential === undefined ? undefined : store.findOperator(credential.operator);
    const isOver = (credential?.expiresAtMs ?? Number.POSITIVE_INFINITY) <= this.#now();
    if (credential === undefined || operator === undefined || isOver || !kinds.includes(credential.kind)) {
      throw new OperatorError('operator-token-invalid', 'this token is not known here, was revoked, or is over');
    }
    return { name: operator.name, role: lesserRole(operator.role, credential.role), credential };
  }

  /** Calls `end` as soon as the secret opens nothing any more; the returned function leaves before that. */
  stay(token: string, kinds: readonly CredentialKind[], end: () => void): () => void {
    const { expiresAtMs } = this.callerOf(token, kinds).credential;
    const guest: Guest = { token, kinds, end };
    this.#guests.add(guest);
    let cancel = (): void => {};
    const wait = (): void => {
      if (!this.#guests.has(guest)) return;
      const waitMs = Math.min(maxWaitMs, (expiresAtMs ?? Number.POSITIVE_INFINITY) - this.#now());
      cancel = this.#parts.clock.after(waitMs, () => {
        this.#recheck();
        wait();
      });
    };
    wait();
    return () => {
      cancel();
      this.#guests.delete(guest);
    };
  }

  all(): readonly Operator[] {
    return this.#parts.store.operators();
  }

  /** Throws OperatorError `operator-unknown`. */
  find(name: string): Operator {
    const operator = this.#parts.store.findOperator(name);
    if (operator === undefined) throw new OperatorError('operator-unknown', `there is no operator ${name}`);
    return operator;
  }

  /** Throws OperatorError `operator-exists`. */
  add(by: string, { name, role, password }: Pick<Operator, 'name' | 'role' | 'password'>): Operator {
    const { store, audit } = this.#parts;
    if (store.findOperator(name) !== undefined) {
      throw new OperatorError('operator-exists', `there is an operator ${name} already`);
    }
    const operator: Operator = { name, role, password, createdAtMs: this.#now() };
    const details = { role, hasPassword: password !== null };
    audit.record({ actor: `operator:${by}`, action: 'operator.add', subject: name, details });
    store.insertOperator(operator, undefined);
    return operator;
  }

  /** Takes effect with the next request of each of their credentials. Throws OperatorError `operator-unknown`, `last-admin`. */
  setRole(by: string, name: string, role: Role): Operator {
    const { store, audit } = this.#parts;
    const before = this.find(name);
    if (role !== 'admin') this.#keepAnAdmin(before);
    const details = { from: before.role, to: role };
    audit.record({ actor: `operator:${by}`, action: 'operator.role', subject: name, details });
    store.setRole(name, role);
    this.#recheck();
    return { ...before, role };
  }

  /** With everything that they could show. Throws OperatorError `operator-unknown`, `last-admin`. */
  remove(by: string, name: string): void {
    const { store, audit } = this.#parts;
    this.#keepAnAdmin(this.find(name));
    store.removeOperator(name);
    audit.record({ actor: `operator:${by}`, action: 'operator.remove', subject: name });
    this.#recheck();
  }

  /** Ends their sessions and logins, wherever they are. `hash` is password-hash.ts's. Throws OperatorError `operator-unknown`. */
  setPassword(by: string, name: string, hash: string): void {
    const { store, audit } = this.#parts;
    this.find(name);
    store.setPassword(name, hash);
    audit.record({ actor: `operator:${by}`, action: 'operator.password', subject: name });
    this.#recheck();
  }

  /** Keeps a credential. What was over long ago goes; of each kind the oldest make room. */
  admit(credential: Credential): void {
    this.#parts.store.insertCredential(credential, this.#now());
  }

  /** What opens something, each with the role that it gives by now. */
  credentials(): readonly Credential[] {
    const held = new Map(this.all().map(({ name, role }) => [name, role]));
    return this.#parts.store
      .credentials(this.#now())
      .map((each) => ({ ...each, role: lesserRole(each.role, held.get(each.operator) ?? 'viewer') }));
  }

  /** Ends a credential, and whatever is open by it. Throws OperatorError `api-token-unknown`. */
  revoke(by: string, id: string, action: 'api-token.revoke' | 'login.end'): void {
    const { store, audit } = this.#parts;
    const credential = this.credentials().find((each) => each.id === id);
    if (credential === undefined) throw new OperatorError('api-token-unknown', `there is no token ${id}`);
    store.removeCredential(id);
    const details = { operator: credential.operator, kind: credential.kind };
    audit.record({ actor: `operator:${by}`, action, subject: id, details });
    this.#recheck();
  }

  #keepAnAdmin({ name, role }: Operator): void {
    if (role !== 'admin' || this.all().some((each) => each.role === 'admin' && each.name !== name)) return;
    throw new OperatorError('last-admin', `${name} is the last admin: make somebody else one first`);
  }

  #recheck(): void {
    for (const guest of this.#guests) {
      try {
        this.callerOf(guest.token, guest.kinds);
      } catch (cause) {
        if (!(cause instanceof OperatorError)) throw cause;
        this.#guests.delete(guest);
        guest.end();
      }
    }
  }

  #now(): number {
    return Math.floor(this.#parts.clock.now().wallMs);
  }
}
