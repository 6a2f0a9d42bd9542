import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '@bellwether/shared/clock';
import type { KeyRotationReply } from '@bellwether/shared/contract/http-api';
import { CodedError, codeOf } from '@bellwether/shared/errors';
import type { AgentConfig } from '../config.js';
import { EnrolmentHttp } from '../identity/enrolment-http.js';
import { openIdentity } from '../identity/identity-disk.js';
import { routeRequests } from './route-requests.js';

/** `not-enrolled`: there is no key that a server knows. `wrong-user`: the agent could not read the key that would be made. */
export class RotateKeyError extends CodedError<'not-enrolled' | 'wrong-user'> {}

/** What was asked for. */
export interface KeyRequest {
  readonly device: string;
  /** SHA-256 of the new public key: what the operator compares. */
  readonly fingerprint: string;
  readonly standing: KeyRotationReply['standing'];
}

/**
 * Makes the key that this device is to go on with, beside the one it has, and asks the server for it [T-10]. The agent may
 * run or not: it goes on with the old key, and takes the new one with the first session after an operator has agreed. Asked
 * again, it is the same key. Rejects with RotateKeyError, IdentityError, EnrolmentError or ConfigError.
 */
export async function rotateKey(config: AgentConfig): Promise<KeyRequest> {
  const folder = join(config.stateFolder, 'identity');
  await requireOwnEnrolment(join(folder, 'enrolment.json'));
  await routeRequests(config);
  const identity = await openIdentity(folder, config.name);
  const successor = await identity.prepareSuccessor();
  const server = new EnrolmentHttp({ serverUrl: config.server.url, clock: systemClock });
  const standing = await server.requestKey(successor, new AbortController().signal);
  return { device: identity.device, fingerprint: successor.identity.fingerprint, standing };
}

/** The request for people. */
export function describeKeyRequest({ device, fingerprint, standing }: KeyRequest): string {
  const lines = [`device       ${device}`, `next key     ${fingerprint}`, ''];
  if (standing === 'current') return [...lines, 'The server has agreed already: the agent takes it soon.'].join('\n');
  const verb = `bellwether device approve-key ${device} --fingerprint ${fingerprint}`;
  return [...lines, 'An operator compares it and agrees; until then the old key goes on:', `  ${verb}`].join('\n');
}

async function requireOwnEnrolment(path: string): Promise<void> {
  const found = await stat(path).catch((cause: unknown) => {
    if (codeOf(cause) !== 'ENOENT') throw cause;
    throw new RotateKeyError('not-enrolled', `there is no ${path}: this device is not enrolled yet`, { cause });
  });
  const me = process.getuid?.();
  if (found.uid === me) return;
  throw new RotateKeyError(
    'wrong-user',
    `${path} is of the user ${found.uid}, this is ${me}: run it as the agent's user`,
  );
}
