import { mkdir, open, readFile, rename } from 'node:fs/promises';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { CliError } from './cli-error.js';

const Login = Type.Object({ name: Type.String(), token: Type.String(), expiresAtMs: Type.Integer() });
/** What `bellwether login` got from one server. */
export type Login = Static<typeof Login>;

const LoginFile = Type.Object({ version: Type.Literal(1), logins: Type.Record(Type.String(), Login) });
const compiled = Compile(LoginFile);
const maxBytes = 256 * 1024;

/** Where logins are kept: BELLWETHER_LOGIN_FILE, else below the user's configuration (XDG base directories). */
export function loginFilePath(): string {
  const { BELLWETHER_LOGIN_FILE, XDG_CONFIG_HOME } = process.env;
  return BELLWETHER_LOGIN_FILE ?? join(XDG_CONFIG_HOME || join(homedir(), '.config'), 'bellwether', 'login.json');
}

/** The login to this server; undefined when there is none. Throws CliError `file` when the file cannot be read. */
export async function readLogin(server: string): Promise<Login | undefined> {
  const { logins } = await readLogins();
  return Object.hasOwn(logins, server) ? logins[server] : undefined;
}

/** Keeps a login, or forgets it: a file of mode 0600, replaced in one step. */
export async function writeLogin(server: string, login: Login | undefined): Promise<void> {
  const { logins } = await readLogins();
  const others = Object.entries(logins).filter(([name]) => name !== server);
  const next = { version: 1, logins: Object.fromEntries(login === undefined ? others : [...others, [server, login]]) };
  const path = loginFilePath();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const temporary = `${path}.${process.pid}.new`;
  const file = await open(temporary, 'w', 0o600);
  try {
    await file.writeFile(`${JSON.stringify(next, null, 2)}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  await rename(temporary, path);
}

async function readLogins(): Promise<Static<typeof LoginFile>> {
  const path = loginFilePath();
  try {
    return decodeDocument(compiled, await readFile(path), { what: path, maxBytes });
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return { version: 1, logins: {} };
    throw new CliError('file', `the login file cannot be read: ${messageOf(cause)}; delete ${path} and log in again`, {
      cause,
    });
  }
}
