import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';

export type ListenErrorCode = 'port-occupied' | 'port-forbidden' | 'address-unusable';

/** The server cannot listen where it was told to. */
export class ListenError extends CodedError<ListenErrorCode> {}

/** What the operating system says about a port, as a ListenError. `what` and `option` name the listener: `HTTP`, `--http-port`. */
export function listenError(
  {
    what,
    option,
    host,
    port,
  }: { readonly what: string; readonly option: string; readonly host: string; readonly port: number },
  cause: unknown,
): ListenError {
  const where = `${host}:${port}`;
  switch (codeOf(cause)) {
    case 'EADDRINUSE':
      return new ListenError(
        'port-occupied',
        `${what}: ${where} is in use by another program; choose another ${option}`,
        { cause },
      );
    case 'EACCES':
      return new ListenError(
        'port-forbidden',
        `${what}: this user may not listen on ${where}; choose another ${option}`,
        { cause },
      );
    default:
      return new ListenError('address-unusable', `${what}: cannot listen on ${where}: ${messageOf(cause)}`, { cause });
  }
}
