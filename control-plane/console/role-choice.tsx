import { Choice } from './fields.js';
import type { Who } from './session.js';

const roles: ReadonlyArray<readonly [Who['role'], string]> = [
  ['viewer', 'viewer: looks'],
  ['operator', 'operator: publishes, rolls out, makes join tokens'],
  ['approver', 'approver: also lets devices in, reads the audit log'],
  ['admin', 'admin: also decides about people'],
];

interface RoleChoiceProps {
  readonly value: Who['role'];
  /** The highest that can be given; without it, any. */
  readonly upTo?: Who['role'];
}

/** What somebody may do. */
export function RoleChoice({ value, upTo = 'admin' }: RoleChoiceProps) {
  const highest = roles.findIndex(([role]) => role === upTo);
  return <Choice label="Role" name="role" value={value} options={roles.slice(0, highest + 1)} />;
}
