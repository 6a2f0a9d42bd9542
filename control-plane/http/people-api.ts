import { type Static, Type } from '@bellwether/shared/schema';
import { operatorNamePattern } from '../operators/operator.js';
import { PersonRole, Role } from '../operators/role.js';

/** What the CLI and the console say to the server about people, under /api/v1. Bodies are strict. */

const strict = { additionalProperties: false } as const;
const time = Type.Integer({ minimum: 0 });
const timeOrNever = Type.Union([time, Type.Null()]);
const name = Type.String({ pattern: operatorNamePattern });
/** Text without control characters: it is shown in terminals and pages. */
const label = Type.String({
  minLength: 1,
  maxLength: 100,
  pattern: '^[^\\u0000-\\u001f\\u007f-\\u009f\\u2028\\u2029]*$',
});
/** Longer than anybody types, and short enough to hash. Its least length is the operators' to judge. */
const password = Type.String({ minLength: 1, maxLength: 200 });

/** `POST /logins`: `session` sets a cookie, for the browser; `token` answers a token, for the CLI. */
export const LoginRequest = Type.Object(
  {
    name,
    password,
    as: Type.Union([Type.Literal('session'), Type.Literal('token')]),
    label: Type.Optional(label),
  },
  strict,
);
export type LoginRequest = Static<typeof LoginRequest>;
/** `token` is shown this once, and null where a cookie was set. */
export const LoginReply = Type.Object({
  name,
  role: Role,
  expiresAtMs: time,
  token: Type.Union([Type.String(), Type.Null()]),
});
export type LoginReply = Static<typeof LoginReply>;

/** `GET /me`: null for whoever shows nothing that is known. */
export const Me = Type.Object({
  operator: Type.Union([
    Type.Object({
      name,
      role: Role,
      expiresAtMs: timeOrNever,
      /** The routes below /api/v1 that this credential may use: `POST /devices/:id/approve`. */
      may: Type.Array(Type.String()),
    }),
    Type.Null(),
  ]),
});
export type Me = Static<typeof Me>;

/** `PUT /me/password` */
export const OwnPassword = Type.Object({ current: password, password }, strict);

/** An operator as the list shows it. */
export const OperatorView = Type.Object({ name, role: Role, hasPassword: Type.Boolean(), createdAtMs: time });
export type OperatorView = Static<typeof OperatorView>;
export const OperatorList = Type.Object({ operators: Type.Array(OperatorView) });
export type OperatorList = Static<typeof OperatorList>;

/** `POST /operators`: without a password nobody logs in; it is then for programs, by API tokens. */
export const OperatorRequest = Type.Object({ name, role: PersonRole, password: Type.Optional(password) }, strict);
export type OperatorRequest = Static<typeof OperatorRequest>;
/** `PATCH /operators/:name` */
export const RoleChange = Type.Object({ role: PersonRole }, strict);
/** `PUT /operators/:name/password` */
export const PasswordChange = Type.Object({ password }, strict);

/** `POST /api-tokens`: for oneself, or by an admin for another. `days` null: until it is revoked. */
export const ApiTokenRequest = Type.Object(
  {
    label,
    role: Role,
    days: Type.Union([Type.Integer({ minimum: 1, maximum: 366 }), Type.Null()]),
    operator: Type.Optional(name),
  },
  strict,
);
export type ApiTokenRequest = Static<typeof ApiTokenRequest>;
/** A credential as the list shows it: never its secret. */
export const ApiTokenView = Type.Object({
  id: Type.String(),
  kind: Type.Union([Type.Literal('api-token'), Type.Literal('login'), Type.Literal('session')]),
  operator: name,
  label: Type.String(),
  role: Role,
  createdAtMs: time,
  expiresAtMs: timeOrNever,
});
export type ApiTokenView = Static<typeof ApiTokenView>;
export const ApiTokenList = Type.Object({ tokens: Type.Array(ApiTokenView) });
export type ApiTokenList = Static<typeof ApiTokenList>;
/** The token is shown this once; the server keeps its digest. */
export const ApiTokenReply = Type.Object({ ...ApiTokenView.properties, token: Type.String() });
export type ApiTokenReply = Static<typeof ApiTokenReply>;
