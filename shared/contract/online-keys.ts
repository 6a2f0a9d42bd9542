import { hex64Pattern } from '../ids.js';
import { Compile, type Static, Type } from '../schema.js';
import { decodeDocument } from './decode.js';

/** The path of the file in the top-level targets role, the only path that role lists [T-1]. */
export const onlineKeysPath = 'keys/online.json';

/** `keys/online.json`: the server's keys, vouched for by the offline targets key. A higher epoch resets generations [T-7]. */
export const OnlineKeys = Type.Object({
  schema: Type.Literal('bellwether.online-keys.v1'),
  epoch: Type.Integer({ minimum: 1, maximum: 2 ** 31 }),
  keys: Type.Array(
    Type.Object({
      keyid: Type.String({ pattern: hex64Pattern }),
      public: Type.String({ pattern: hex64Pattern }),
      use: Type.Union([
        Type.Literal('director'),
        Type.Literal('adjuster'),
        Type.Literal('time'),
        Type.Literal('verdict'),
      ]),
    }),
    { minItems: 1, maxItems: 32 },
  ),
});
export type OnlineKeys = Static<typeof OnlineKeys>;
export type OnlineKeyUse = OnlineKeys['keys'][number]['use'];

const compiled = Compile(OnlineKeys);

/** Reads online.json; throws DecodeError. */
export function decodeOnlineKeys(bytes: Uint8Array): OnlineKeys {
  return decodeDocument(compiled, bytes, { what: onlineKeysPath, maxBytes: 64 * 1024 });
}

/** The public keys that may sign for one use. */
export function publicKeysFor(keys: OnlineKeys, use: OnlineKeyUse): string[] {
  return keys.keys.filter((key) => key.use === use).map((key) => key.public);
}
