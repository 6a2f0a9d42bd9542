import type { Credential, Operator } from './operator.js';

/** Where operators and their credentials are kept. Every call is one transaction. */
export interface OperatorStore {
  operators(): readonly Operator[];
  findOperator(name: string): Operator | undefined;
  insertOperator(operator: Operator, credential: Credential | undefined): void;
  insertCredential(credential: Credential): void;
  findCredential(digest: string): Credential | undefined;
}
