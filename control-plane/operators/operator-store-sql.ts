import type { Database } from 'better-sqlite3';
import type { Selectable } from 'kysely';
import { checkSchema } from '@bellwether/shared/contract/decode';
import { Compile, Type } from '@bellwether/shared/schema';
import type { Tables } from '../database/schema.js';
import type { Credential, Operator } from './operator.js';
import type { OperatorStore } from './operator-store.js';
import { Role } from './role.js';

const maxLogins = 20;

const compiledRole = Compile(Role);
const compiledKind = Compile(Type.Union([Type.Literal('api-token'), Type.Literal('login'), Type.Literal('session')]));

/** Operators and credentials in SQLite: prepared, because every request asks here who sends it [S-2]. */
export class OperatorStoreSql implements OperatorStore {
  readonly #statements: ReturnType<typeof prepare>;
  readonly #inTransaction: (act: () => void) => void;

  constructor(db: Database) {
    this.#statements = prepare(db);
    this.#inTransaction = db.transaction((act: () => void) => act());
  }

  operators(): readonly Operator[] {
    return this.#statements.operators.all().map(operatorOf);
  }

  findOperator(name: string): Operator | undefined {
    const row = this.#statements.findOperator.get(name);
    return row === undefined ? undefined : operatorOf(row);
  }

  insertOperator(operator: Operator, credential: Credential | undefined): void {
    this.#inTransaction(() => {
      this.#statements.insertOperator.run({ ...operator });
      if (credential !== undefined) this.#statements.insertCredential.run({ ...credential });
    });
  }

  setRole(name: string, role: Role): void {
    this.#statements.setRole.run(role, name);
  }

  setPassword(name: string, hash: string): void {
    this.#inTransaction(() => {
      this.#statements.setPassword.run(hash, name);
      this.#statements.removeLogins.run(name);
    });
  }

  removeOperator(name: string): void {
    this.#inTransaction(() => {
      this.#statements.removeCredentialsOf.run(name);
      this.#statements.removeOperator.run(name);
    });
  }

  insertCredential(credential: Credential, nowMs: number): void {
    this.#inTransaction(() => {
      this.#statements.removeOver.run(nowMs);
      this.#statements.insertCredential.run({ ...credential });
      this.#statements.removeOldestLogins.run({ operator: credential.operator, kept: maxLogins });
    });
  }

  findCredential(digest: string): Credential | undefined {
    const row = this.#statements.findCredential.get(digest);
    return row === undefined ? undefined : credentialOf(row);
  }

  credentials(nowMs: number): readonly Credential[] {
    return this.#statements.credentials.all(nowMs).map(credentialOf);
  }

  removeCredential(id: string): void {
    this.#statements.removeCredential.run(id);
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
    setRole: db.prepare<[string, string]>('update operators set role = ? where name = ?'),
    setPassword: db.prepare<[string, string]>('update operators set password = ? where name = ?'),
    removeOperator: db.prepare<[string]>('delete from operators where name = ?'),
    findCredential: db.prepare<[string], Row<'credentials'>>('select * from credentials where digest = ?'),
    credentials: db.prepare<[number], Row<'credentials'>>(
      `select * from credentials where expires_at_ms is null or expires_at_ms > ? order by created_at_ms, id`,
    ),
    insertCredential: db.prepare<[Values]>(
      `insert into credentials (id, digest, kind, operator, label, role, created_at_ms, expires_at_ms)
       values (@id, @digest, @kind, @operator, @label, @role, @createdAtMs, @expiresAtMs)`,
    ),
    removeCredential: db.prepare<[string]>('delete from credentials where id = ?'),
    removeCredentialsOf: db.prepare<[string]>('delete from credentials where operator = ?'),
    removeLogins: db.prepare<[string]>(`delete from credentials where operator = ? and kind <> 'api-token'`),
    removeOver: db.prepare<[number]>('delete from credentials where expires_at_ms <= ?'),
    removeOldestLogins: db.prepare<[Values]>(
      `delete from credentials where id in (
         select id from credentials where operator = @operator and kind <> 'api-token'
         order by created_at_ms desc, rowid desc limit -1 offset @kept)`,
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
