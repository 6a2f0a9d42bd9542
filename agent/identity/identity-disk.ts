import { join } from 'node:path';
import type { DiskFiles } from '@bellwether/shared/files/disk-files';
import {
  makeFolderDurably,
  moveDurably,
  placeDurably,
  replaceDurably,
} from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { deviceIdOf, fingerprintOf } from '@bellwether/shared/ids';
import { type PayloadType, sealEnvelope } from '@bellwether/shared/signing/envelope';
import type { KeyFile } from '@bellwether/shared/signing/key-file';
import { openDeviceKey, readDeviceKey } from './device-key-disk.js';
import { type Enrolment, readEnrolment } from './enrolment-file-disk.js';
import type { EnrolledIdentity, Identity, Successor } from './identity.js';

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
  const paths = {
    key: join(folder, 'device.key'),
    next: join(folder, 'device.next.key'),
    enrolment: join(folder, 'enrolment.json'),
  };
  const key = await openDeviceKey(files, paths.key);
  const enrolment = await readEnrolment(paths.enrolment, key.public);
  return new IdentityDisk({ files, paths, key, enrolment, device: enrolment?.device ?? deviceIdOf(name, key.public) });
}

interface IdentityDiskParts {
  readonly files: DiskFiles;
  readonly paths: Readonly<Record<'key' | 'next' | 'enrolment', string>>;
  readonly key: KeyFile;
  readonly enrolment: Enrolment | undefined;
  readonly device: string;
}

class IdentityDisk implements EnrolledIdentity {
  readonly device: string;
  readonly #files: DiskFiles;
  readonly #paths: IdentityDiskParts['paths'];
  #key: KeyFile;
  #enrolment: Enrolment | undefined;
  #taking: Promise<void> = Promise.resolve();

  constructor({ files, paths, key, enrolment, device }: IdentityDiskParts) {
    this.device = device;
    this.#files = files;
    this.#paths = paths;
    this.#key = key;
    this.#enrolment = enrolment;
  }

  get publicKey(): string {
    return this.#key.public;
  }

  get fingerprint(): string {
    return fingerprintOf(this.#key.public);
  }

  get enrolled(): boolean {
    return this.#enrolment !== undefined;
  }

  seal(type: PayloadType, payload: unknown): Uint8Array {
    return seal([this.#key], type, payload);
  }

  async markEnrolled(enrolledAtMs: number): Promise<void> {
    if (this.#enrolment !== undefined) return;
    const enrolment: Enrolment = { version: 1, device: this.device, enrolledAtMs };
    await placeDurably(this.#files, this.#paths.enrolment, bytesOf(enrolment));
    this.#enrolment = enrolment;
  }

  async successor(): Promise<Successor | undefined> {
    const next = await readDeviceKey(this.#paths.next);
    return next === undefined ? undefined : this.#successorOf(next);
  }

  async prepareSuccessor(): Promise<Successor> {
    return this.#successorOf(await openDeviceKey(this.#files, this.#paths.next));
  }

  #successorOf(next: KeyFile): Successor {
    return {
      identity: identityOf(this.device, next),
      sealByBoth: (type, payload) => seal([this.#key, next], type, payload),
      take: () => {
        this.#taking = this.#takeAfter(this.#taking, next);
        return this.#taking;
      },
    };
  }

  /** One after the other: two sessions may open at once. */
  async #takeAfter(before: Promise<void>, next: KeyFile): Promise<void> {
    await before.catch(() => {}); // whoever took it then was told
    await this.#take(next);
  }

  /**
   * The order is the guarantee: first the enrolment says that both keys are this device's, then one rename makes the new
   * one its key. Cut before it, the old key is there with its successor beside it; cut after it, the new one.
   */
  async #take(next: KeyFile): Promise<void> {
    if (this.#key.public === next.public || this.#enrolment === undefined) return;
    const { keys = [this.#key.public], ...rest } = this.#enrolment;
    const enrolment = { ...rest, keys: [...new Set([...keys, next.public])] };
    await replaceDurably(this.#files, this.#paths.enrolment, bytesOf(enrolment));
    this.#enrolment = enrolment;
    await moveDurably(this.#files, this.#paths.next, this.#paths.key);
    this.#key = next;
  }
}

function identityOf(device: string, key: KeyFile): Identity {
  return {
    device,
    publicKey: key.public,
    fingerprint: fingerprintOf(key.public),
    seal: (type, payload) => seal([key], type, payload),
  };
}

function seal(keys: readonly KeyFile[], type: PayloadType, payload: unknown): Uint8Array {
  const pairs = keys.map(({ public: publicKey, seed }) => ({ publicKey, seed }));
  return sealEnvelope(type, payload, pairs);
}

function bytesOf(enrolment: Enrolment): Uint8Array {
  return Buffer.from(`${JSON.stringify(enrolment)}\n`);
}
