import { type Static, Type } from '@bellwether/shared/schema';

/**
 * What a person may do, each including those before: viewers look, operators run the fleet, approvers let releases and
 * devices in, admins decide about people.
 */
export const PersonRole = Type.Union([
  Type.Literal('viewer'),
  Type.Literal('operator'),
  Type.Literal('approver'),
  Type.Literal('admin'),
]);
export type PersonRole = Static<typeof PersonRole>;

/** What a credential may do: that of a person, or `metrics`, which reads `/metrics` and nothing else. */
export const Role = Type.Union([Type.Literal('metrics'), ...PersonRole.anyOf]);
export type Role = Static<typeof Role>;

/** Of people, from the least to the most that one may do. */
export const personRoles: readonly PersonRole[] = ['viewer', 'operator', 'approver', 'admin'];
/** All of them, likewise. */
export const roles: readonly Role[] = ['metrics', ...personRoles];

/** Tells a role from other words. */
export function isRole(word: string): word is Role {
  return roles.some((role) => role === word);
}

/** Whether somebody in the role `held` may do what needs the role `needed`. */
export function mayActAs(held: Role, needed: Role): boolean {
  return roles.indexOf(held) >= roles.indexOf(needed);
}

/** The role that may do less: a token never does more than its owner may by now. */
export function lesserRole(a: Role, b: Role): Role {
  return mayActAs(a, b) ? b : a;
}
