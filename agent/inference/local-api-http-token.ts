import { randomBytes } from 'node:crypto';
import { link, open, rm, stat } from 'node:fs/promises';
import { CodedError, codeOf } from '@bellwether/shared/errors';

/** The token file cannot be trusted to hold a secret. */
export class TokenFileError extends CodedError<'token-file'> {}

/** The token of the loopback API; a file that is not there is made, 0600. Throws TokenFileError when others may read it. */
export async function readToken(path: string): Promise<string> {
  await createToken(path);
  const file = await open(path, 'r');
  try {
    const { mode } = await file.stat();
    if ((mode & 0o077) !== 0) throw new TokenFileError('token-file', `${path} must have mode 0600: others can use it`);
    const token = (await file.readFile('utf8')).trim();
    if (token.length < 16) throw new TokenFileError('token-file', `${path} holds no token of 16 characters or more`);
    return token;
  } finally {
    await file.close();
  }
}

/** A power cut leaves the whole file or none; one that is there is never replaced, since link(2) refuses. */
async function createToken(path: string): Promise<void> {
  if (await stat(path).catch(() => undefined)) return;
  const part = `${path}.new`;
  await rm(part, { force: true });
  const file = await open(part, 'wx', 0o600);
  try {
    await file.writeFile(`${randomBytes(32).toString('base64url')}\n`);
    await file.sync();
  } finally {
    await file.close();
  }
  try {
    await link(part, path);
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  } finally {
    await rm(part, { force: true });
  }
}
