import { DecodeError } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';

export type DataErrorCode =
  | 'data-locked'
  | 'data-read-only'
  | 'data-full'
  | 'data-corrupt'
  | 'data-newer'
  | 'data-unusable';

/** The data folder cannot be used; the message says which, and what to do. */
export class DataError extends CodedError<DataErrorCode> {}

/** What SQLite and the file system say, as one of our codes. */
const codes: ReadonlyMap<string, DataErrorCode> = new Map([
  ['EACCES', 'data-read-only'],
  ['EPERM', 'data-read-only'],
  ['EROFS', 'data-read-only'],
  ['SQLITE_READONLY', 'data-read-only'],
  ['SQLITE_CANTOPEN', 'data-read-only'],
  ['ENOSPC', 'data-full'],
  ['EDQUOT', 'data-full'],
  ['SQLITE_FULL', 'data-full'],
  ['SQLITE_BUSY', 'data-locked'],
  ['SQLITE_CORRUPT', 'data-corrupt'],
  ['SQLITE_NOTADB', 'data-corrupt'],
]);

const sentences: Readonly<Record<DataErrorCode, string>> = {
  'data-locked': 'is in use by another server: stop that one, or give this one its own --data folder',
  'data-read-only': 'cannot be written: check its owner and mode',
  'data-full': 'is on a full disk: free some space',
  'data-corrupt': 'holds a damaged database: restore it from a backup',
  'data-newer': 'was written by a newer version of Bellwether: run that version',
  'data-unusable': 'cannot be used',
};

/** Names the folder and the cause of whatever went wrong in it; an error that has a code of ours passes as it is. */
export function dataError(folder: string, cause: unknown): Error {
  // A key file that is damaged: what it says names the file, and its own code only the form.
  if (cause instanceof DecodeError) {
    return new DataError('data-corrupt', `${messageOf(cause)}: restore it from a backup`, { cause });
  }
  if (cause instanceof CodedError) return cause;
  const code = dataErrorCode(cause);
  return new DataError(code, `the data folder ${folder} ${sentences[code]} (${messageOf(cause)})`, { cause });
}

/** SQLite's extended codes (`SQLITE_READONLY_DIRECTORY`) begin with the plain one. */
function dataErrorCode(cause: unknown): DataErrorCode {
  const text = codeOf(cause) ?? '';
  return codes.get(text) ?? codes.get(text.split('_').slice(0, 2).join('_')) ?? 'data-unusable';
}
