import { connect, type Socket } from 'node:net';

/** What a server says to bytes that somebody wrote by hand: no client tidies the path up. */
export interface RawReply {
  readonly status: number;
  /** Header names in lower case. */
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** What comes until the server closes the connection, in whatever way: it may end it before the last byte is sent. */
export async function untilClosed(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('error', () => {}); // it ends in `close`
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  // Not `once`, which rejects on an error that comes before.
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks).toString();
}

/** Sends a request as it stands, and reads until the server closes the connection. */
export async function rawRequest(
  url: string,
  target: string,
  {
    method = 'GET',
    headers = {},
  }: { readonly method?: string; readonly headers?: Readonly<Record<string, string>> } = {},
): Promise<RawReply> {
  const { hostname, port } = new URL(url);
  const socket = connect(Number(port), hostname);
  const replied = untilClosed(socket);
  const lines = Object.entries({ host: 'x', connection: 'close', ...headers }).map(
    ([name, value]) => `${name}: ${value}`,
  );
  socket.write([`${method} ${target} HTTP/1.1`, ...lines, '', ''].join('\r\n'), 'latin1');
  const reply = await replied;
  const [head = '', ...rest] = reply.split('\r\n\r\n');
  const [status = '', ...fields] = head.split('\r\n');
  return {
    status: Number(status.split(' ')[1]),
    headers: new Map(
      fields.map((field) => [field.split(':', 1)[0]?.toLowerCase() ?? '', field.replace(/^[^:]*:\s*/, '')]),
    ),
    body: rest.join('\r\n\r\n'),
  };
}
