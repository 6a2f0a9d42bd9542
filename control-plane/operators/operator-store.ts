import type { Credential, Operator } from './operator.js';
import type { Role } from './role.js';

/** Where operators and their credentials are kept. Every call is one transaction. */
export interface OperatorStore {
  operators(): readonly Operator[];
  findOperator(name: string): Operator | undefined;
  insertOperator(operator: Operator, credential: Credential | undefined): void;
  setRole(name: string, role: Role): void;
  /** And removes the operator's sessions and logins. */
  setPassword(name: string, hash: string): void;
  /** And removes all of the operator's credentials. */
  removeOperator(name: string): void;
  /** Removes what is over, and of the operator's sessions and logins the oldest beyond 20. */
  insertCredential(credential: Credential, nowMs: number): void;
  findCredential(digest: string): Credential | undefined;
  /** Those that are not over, oldest first. */
  credentials(nowMs: number): readonly Credential[];
  removeCredential(id: string): void;
}
