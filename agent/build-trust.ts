import { join } from 'node:path';
import type { Clock } from '@bellwether/shared/clock';
import { codeOf, messageOf } from '@bellwether/shared/errors';
import type { Log } from '@bellwether/shared/log';
import type { AgentConfig } from './config.js';
import type { Identity } from './identity/identity.js';
import { backoffMs } from './reconcile/backoff.js';
import type { DeviceTrust } from './trust/device-trust.js';
import { openDeviceTrust } from './trust/device-trust-disk.js';

interface FirstTrustParts {
  readonly config: AgentConfig;
  /** Of the artefact plane. */
  readonly baseUrl: string;
  readonly identity: Pick<Identity, 'device' | 'fingerprint'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly log: Log;
}

/** Opens what the device believes. The first start with `root.sha256` must fetch the root, and a new device may be there before its server: then this waits. */
export async function openTrust(
  { config, baseUrl, identity, clock, random, log }: FirstTrustParts,
  signal: AbortSignal,
): Promise<DeviceTrust> {
  const { root, stage, allowDevelopment } = config;
  for (let attempt = 1; ; attempt++) {
    try {
      return await openDeviceTrust({
        folder: join(config.stateFolder, 'trust'),
        baseUrl,
        stage,
        allowDevelopment,
        root: root.file === undefined ? { sha256: root.sha256 ?? '' } : { file: root.file },
        device: {
          id: identity.device,
          // Asked for each order: the key may be replaced while the agent runs.
          get fingerprint() {
            return identity.fingerprint;
          },
        },
        clock,
        log,
      });
    } catch (error) {
      if (codeOf(error) !== 'network' || signal.aborted) throw error;
      const delayMs = backoffMs({ firstMs: 1000, maxMs: 60_000 }, attempt, random());
      log.warn({ attempt, delayMs, err: messageOf(error) }, 'first trust cannot be fetched yet');
      await clock.sleep(delayMs, signal);
      signal.throwIfAborted();
    }
  }
}

/** A new device cannot verify signed time before it has metadata; it joins all the same when there is none to be had. */
export async function meetServerKeys(trust: DeviceTrust, log: Log, signal: AbortSignal): Promise<void> {
  if (trust.versions !== null) return;
  try {
    await trust.refresh(signal);
  } catch (error) {
    log.warn({ err: messageOf(error) }, 'no metadata yet; the first session gives no trusted time');
  }
}
