import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { DecodeError, decodeDocument } from '@bellwether/shared/contract/decode';
import { CodedError, codeOf, messageOf } from '@bellwether/shared/errors';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import { makeFolderDurably, placeDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { deviceIdOf, deviceIdPattern, fingerprintOf } from '@bellwether/shared/ids';
import { Compile, type Static, Type } from '@bellwether/shared/schema';
import { type PayloadType, sealEnvelope } from '@bellwether/shared/signing/envelope';
import { formatKeyFile, type KeyFile, readKeyFile } from '@bellwether/shared/signing/key-file';
import { generateKeyPair } from '@bellwether/shared/signing/key-pair';
import type { EnrolledIdentity } from './identity.js';

/** A file of the identity folder that is not what it should be: nobody but an operator may replace a device's key. */
export class IdentityError extends CodedError<'state-corrupt'> {}

/** `enrolment.json`: the server has taken this device in, under this id. */
const Enrolment = Type.Object(
  { version: Type.Literal(1), device: Type.String({ pattern: deviceIdPattern }), enrolledAtMs: Type.Integer() },
  { additionalProperties: false },
);
type Enrolment = Static<typeof Enrolment>;
const compiledEnrolment = Compile(Enrolment);

/**
 * Opens the identity in a folder, made with a new key on the first start [T-10]. `name` counts until the device is
 * enrolled; from then on its id stands, whatever the configuration says. Throws IdentityError, or Node's own error.
 */
export async function openIdentity(
  folder: string,
  name: string,
  files: DiskFiles = nodeFiles,
): Promise<EnrolledIdentity> {
  await makeFolderDurably(files, folder, 0o700);
  const key = await openKey(files, join(folder, 'device.key'));
  const path = join(folder, 'enrolment.json');
  const enrolment = await readEnrolment(path);
  const device = enrolment?.device ?? deviceIdOf(name, key.public);
  if (!device.endsWith(fingerprintOf(key.public).slice(0, 16))) {
    throw new IdentityError('state-corrupt', `${path} is of the device ${device}, whose key is another one`);
  }
  return new IdentityDisk({ files, enrolmentPath: path, key, device, enrolled: enrolment !== undefined });
}

class IdentityDisk implements EnrolledIdentity {
  readonly device: string;
  readonly publicKey: string;
  readonly fingerprint: string;
  readonly #files: DiskFiles;
  readonly #enrolmentPath: string;
  readonly #seed: string;
  #enrolled: boolean;

  constructor({ files, enrolmentPath, key, device, enrolled }: IdentityDiskParts) {
    this.device = device;
    this.publicKey = key.public;
    this.fingerprint = fingerprintOf(key.public);
    this.#files = files;
    this.#enrolmentPath = enrolmentPath;
    this.#seed = key.seed;
    this.#enrolled = enrolled;
  }

  get enrolled(): boolean {
    return this.#enrolled;
  }

  seal(type: PayloadType, payload: unknown): Uint8Array {
    return sealEnvelope(type, payload, [{ publicKey: this.publicKey, seed: this.#seed }]);
  }

  async markEnrolled(enrolledAtMs: number): Promise<void> {
    if (this.#enrolled) return;
    const enrolment: Enrolment = { version: 1, device: this.device, enrolledAtMs };
    await placeDurably(this.#files, this.#enrolmentPath, Buffer.from(`${JSON.stringify(enrolment)}\n`));
    this.#enrolled = true;
  }
}

interface IdentityDiskParts {
  readonly files: DiskFiles;
  readonly enrolmentPath: string;
  readonly key: KeyFile;
  readonly device: string;
  readonly enrolled: boolean;
}

async function openKey(files: DiskFiles, path: string): Promise<KeyFile> {
  try {
    return await readKeyFile(path);
  } catch (cause) {
    if (codeOf(cause) !== 'ENOENT') throw corrupt(cause);
  }
  const { publicKey, seed } = generateKeyPair();
  const key: KeyFile = { version: 1, use: 'device', public: publicKey, seed };
  await placeDurably(files, path, Buffer.from(formatKeyFile(key)));
  return key;
}

async function readEnrolment(path: string): Promise<Enrolment | undefined> {
  try {
    return decodeDocument(compiledEnrolment, await readFile(path), { what: path, maxBytes: 4096 });
  } catch (cause) {
    if (codeOf(cause) === 'ENOENT') return undefined;
    throw corrupt(cause);
  }
}

function corrupt(cause: unknown): unknown {
  return cause instanceof DecodeError ? new IdentityError('state-corrupt', messageOf(cause), { cause }) : cause;
}
