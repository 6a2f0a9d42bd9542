import { Choice } from './fields.js';
import type { Who } from './session.js';

const ofPeople: ReadonlyArray<readonly [Who['role'], string]> = [
  ['viewer', 'viewer: looks'],
  ['operator', 'operator: publishes, rolls out, makes join tokens'],
  ['approver', 'approver: also lets devices in, reads the audit log'],
  ['admin', 'admin: also decides about people'],
];
const ofTokens: typeof ofPeople = [['metrics', 'metrics: for Prometheus, reads /metrics only'], ...ofPeople];

interface RoleChoiceProps {
  readonly value: Who['role'];
  /** Of a token: the highest that can be given. Without it, of a person: any. */
  readonly upTo?: Who['role'];
}

/** What somebody, or a program, may do. */
export function RoleChoice({ value, upTo }: RoleChoiceProps) {
  const roles = upTo === undefined ? ofPeople : ofTokens;
  const highest = upTo === undefined ? roles.length - 1 : roles.findIndex(([role]) => role === upTo);
  return <Choice label="Role" name="role" value={value} options={roles.slice(0, highest + 1)} />;
}
