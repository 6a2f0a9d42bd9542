import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { Compile, Type } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import type { Credential, Operator } from './operator.js';
import type { OperatorStore } from './operator-store.js';
import { Role } from './role.js';

const compiledRole = Compile(Role);
const compiledKind = Compile(Type.Union([Type.Literal('api-token'), Type.Literal('login'), Type.Literal('session')]));

/** Operators and credentials in SQLite: prepared, because every request asks here who sends it [S-2]. */
export class OperatorStoreSql implements OperatorStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #insertBoth: (operator: Operator, credential: Credential | undefined) => void;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#insertBoth = db.transaction((operator: Operator, credential: Credential | undefined) => {
      this.#statements.insertOperator.run({ ...operator });
      if (credential !== undefined) this.insertCredential(credential);
    });
  }

  operators(): readonly Operator[] {
    return this.#statements.operators.all().map(operatorOf);
  }

  findOperator(name: string): Operator | undefined {
    const row = this.#statements.findOperator.get(name);
    return row === undefined ? undefined : operatorOf(row);
  }

  insertOperator(operator: Operator, credential: Credential | undefined): void {
    this.#insertBoth(operator, credential);
  }

  insertCredential(credential: Credential): void {
    this.#statements.insertCredential.run({ ...credential });
  }

  findCredential(digest: string): Credential | undefined {
    const row = this.#statements.findCredential.get(digest);
    return row === undefined ? undefined : credentialOf(row);
  }
}

type Row<Name extends keyof Tables> = Selectable<Tables[Name]>;
type Values = Readonly<Record<string, unknown>>;

function prepare(db: Database) {
  return {
    operators: db.prepare<[], Row<'operators'>>('select * from operators order by name'),
    findOperator: db.prepare<[string], Row<'operators'>>('select * from operators where name = ?'),
    insertOperator: db.prepare<[Values]>(
      'insert into operators (name, role, password, created_at_ms) values (@name, @role, @password, @createdAtMs)',
    ),
    findCredential: db.prepare<[string], Row<'credentials'>>('select * from credentials where digest = ?'),
    insertCredential: db.prepare<[Values]>(
      `insert into credentials (id, digest, kind, operator, label, role, created_at_ms, expires_at_ms)
       values (@id, @digest, @kind, @operator, @label, @role, @createdAtMs, @expiresAtMs)`,
    ),
  };
}

function operatorOf({ name, role, password, created_at_ms: createdAtMs }: Row<'operators'>): Operator {
  return { name, role: checkSchema(compiledRole, role, `the role of ${name}`), password, createdAtMs };
}

function credentialOf(row: Row<'credentials'>): Credential {
  const { id, digest, operator, label } = row;
  return {
    id,
    digest,
    kind: checkSchema(compiledKind, row.kind, `the kind of credential ${id}`),
    operator,
    label,
    role: checkSchema(compiledRole, row.role, `the role of credential ${id}`),
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
  };
}
