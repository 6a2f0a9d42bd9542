import { Audit } from './audit/audit.js';
import { AuditHeads } from './audit/audit-heads.js';
import { auditRoutes } from './audit/audit-routes.js';
import { AuditStoreSql } from './audit/audit-store-sql.js';
import type { ControlPlaneParts } from './control-plane-parts.js';
import type { TypedApp } from './http/typed-app.js';
import type { Step } from './lifecycle.js';
import { apiTokenRoutes } from './operators/api-token-routes.js';
import { ApiTokens } from './operators/api-tokens.js';
import { LoginGuard } from './operators/login-guard.js';
import { loginRoutes } from './operators/login-routes.js';
import { Logins } from './operators/logins.js';
import { operatorRoutes } from './operators/operator-routes.js';
import { OperatorStoreSql } from './operators/operator-store-sql.js';
import { Operators } from './operators/operators.js';
import { PasswordHasher } from './operators/password-hash.js';
import type { Timeline } from './timeline/timeline-entry.js';

/** The people who run the fleet, and the log of what is decided. */
export function buildPeople(parts: ControlPlaneParts, { timeline }: { readonly timeline: Timeline }) {
  const { clock, log, database, keys } = parts;
  const auditStore = new AuditStoreSql(database.sqlite, timeline);
  const audit = new Audit(auditStore, clock);
  const heads = new AuditHeads({ store: auditStore, clock, log: log.child({ room: 'audit' }), key: keys.audit });
  const store = new OperatorStoreSql(database.sqlite);
  const operators = new Operators({ store, clock, audit });
  const hasher = new PasswordHasher();
  const logins = new Logins({ operators, store, guard: new LoginGuard(), hasher, clock, audit });
  const steps: readonly Step[] = [
    { start: () => operators.begin(parts.firstToken, parts.renewsFirstToken) },
    { start: () => heads.start(), stop: () => heads.stop() },
    { stop: () => audit.stop() },
  ];
  const routes = (app: TypedApp): void => {
    loginRoutes(app, { logins, operators });
    operatorRoutes(app, { operators, hasher });
    apiTokenRoutes(app, { tokens: new ApiTokens({ operators, clock, audit }) });
    auditRoutes(app, { audit, heads });
  };
  return { audit, heads, operators, steps, routes };
}
