import { Audit } from '@bellwether/control-plane/audit/audit';
import { AuditStoreSql } from '@bellwether/control-plane/audit/audit-store-sql';
import { ApiTokens } from '@bellwether/control-plane/operators/api-tokens';
import { LoginGuard } from '@bellwether/control-plane/operators/login-guard';
import { Logins } from '@bellwether/control-plane/operators/logins';
import { OperatorStoreSql } from '@bellwether/control-plane/operators/operator-store-sql';
import { Operators } from '@bellwether/control-plane/operators/operators';
import { PasswordHasher } from '@bellwether/control-plane/operators/password-hash';
import type { TestDatabase } from './database.js';
import { ManualClock } from './manual-clock.js';

export const firstToken = 'bwo_the-first-token-of-these-tests';

/** Operators on a real database, with a clock that stands still and hashes that cost little; the first admin is there. */
export function peopleOn(database: TestDatabase) {
  // Hundreds of small commits that no test cuts the power of.
  database.sqlite.pragma('synchronous = OFF');
  const clock = new ManualClock();
  const audit = new Audit(new AuditStoreSql(database.sqlite), clock);
  const store = new OperatorStoreSql(database.sqlite);
  const operators = new Operators({ store, clock, audit });
  operators.begin(firstToken);
  const hasher = new PasswordHasher({ n: 16, r: 1, p: 1 });
  const logins = new Logins({ operators, store, guard: new LoginGuard(), hasher, clock, audit });
  const tokens = new ApiTokens({ operators, clock, audit });
  /** What the audit log says so far: `action subject`. */
  const said = () => audit.rows(0, 1000).map(({ action, subject }) => `${action} ${subject}`);
  return { clock, audit, operators, hasher, logins, tokens, said };
}
