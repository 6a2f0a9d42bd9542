import { chmod, lstat, unlink } from 'node:fs/promises';
import type { Server } from 'node:http';
import { connect, type ListenOptions } from 'node:net';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';

export type ListenErrorCode = 'address-in-use' | 'address-unusable';

/** The local API cannot listen where the configuration says. */
export class ListenError extends CodedError<ListenErrorCode> {}

/** Listens on a unix socket with mode 0660. A socket that a dead process left is replaced; a live one is an error. */
export async function listenOnUnixSocket(server: Server, path: string): Promise<void> {
  await removeDeadSocket(path);
  await listen(server, { path }, path);
  await chmod(path, 0o660);
}

/** Listens on a loopback port; 0 takes a free one. Answers the port. */
export async function listenOnLoopback(server: Server, port: number): Promise<number> {
  await listen(server, { host: '127.0.0.1', port, exclusive: true }, `127.0.0.1:${port}`);
  const address = server.address();
  return typeof address === 'object' && address !== null ? address.port : port;
}

function listen(server: Server, options: ListenOptions, where: string): Promise<void> {
  return new Promise((resolve, reject) => {
    const refuse = (cause: Error): void => {
      const isUsed = codeOf(cause) === 'EADDRINUSE';
      const text = isUsed ? `${where} is in use` : `cannot listen on ${where}: ${cause.message}`;
      reject(new ListenError(isUsed ? 'address-in-use' : 'address-unusable', text, { cause }));
    };
    server.once('error', refuse);
    server.listen(options, () => {
      server.removeListener('error', refuse);
      resolve();
    });
  });
}

async function removeDeadSocket(path: string): Promise<void> {
  try {
    if (!(await lstat(path)).isSocket()) throw new ListenError('address-in-use', `${path} is no socket`);
    if (await isAnswered(path)) throw new ListenError('address-in-use', `another process listens on ${path}`);
    await unlink(path);
  } catch (cause) {
    if (cause instanceof ListenError) throw cause;
    if (codeOf(cause) === 'ENOENT') return;
    throw new ListenError('address-unusable', `cannot use ${path}: ${messageOf(cause)}`, { cause });
  }
}

function isAnswered(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(path);
    const answer = (is: boolean) => (): void => {
      socket.destroy();
      resolve(is);
    };
    socket.once('connect', answer(true));
    // ECONNREFUSED: nobody has it open. Anything else (no permission, a full backlog) may be somebody.
    socket.once('error', (error) => answer(codeOf(error) !== 'ECONNREFUSED')());
  });
}
