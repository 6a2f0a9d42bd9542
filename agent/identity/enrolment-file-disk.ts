import { readFile } from 'node:fs/promises';
import { decodeDocument } from '@bellwether/shared/contract/decode';
import { codeOf } from '@bellwether/shared/errors';
import { deviceIdPattern, fingerprintOf, hex64Pattern } from '@bellwether/shared/ids';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { asIdentityError, IdentityError } from './device-key-disk.js';

/** `enrolment.json`: the server has taken this device in, under this id. */
const Enrolment = Type.Object(
  {
    version: Type.Literal(1),
    device: Type.String({ pattern: deviceIdPattern }),
    enrolledAtMs: Type.Integer(),
    /** The public keys that are the device's: the first gave it its id. Only once the key was replaced. */
    keys: Type.Optional(Type.Array(Type.String({ pattern: hex64Pattern }), { minItems: 2, maxItems: 1000 })),
  },
  { additionalProperties: false },
);
export type Enrolment = Static<typeof Enrolment>;
const compiled = Compile(Enrolment);

/** The enrolment of the device that holds this key; undefined before the first one. Throws IdentityError, also when it is another device's. */
export async function readEnrolment(path: string, publicKey: string): Promise<Enrolment | undefined> {
  const enrolment = await readFileOf(path);
  if (enrolment === undefined) return undefined;
  const { device, keys = [publicKey] } = enrolment;
  const first = keys[0] ?? '';
  if (keys.includes(publicKey) && device.endsWith(fingerprintOf(first).slice(0, 16))) return enrolment;
  throw new IdentityError('state-corrupt', `${path} is of the device ${device}, whose key is another one`);
}

async function readFileOf(path: string): Promise<Enrolment | undefined> {
  try {
    return decodeDocument(compiled, await readFile(path), { what: path, maxBytes: 128 * 1024 });
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw asIdentityError(cause);
  }
}
