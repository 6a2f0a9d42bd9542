import { randomBytes } from 'node:crypto';
import { open, writeFile } from 'node:fs/promises';
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

async function createToken(path: string): Promise<void> {
  try {
    await writeFile(path, `${randomBytes(32).toString('base64url')}\n`, { mode: 0o600, flag: 'wx' });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
  }
}
