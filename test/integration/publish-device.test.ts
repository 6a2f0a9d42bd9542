import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openDeviceTrust } from '@bellwether/agent/trust/device-trust-disk';
import { readReleaseEvidence } from '@bellwether/agent/trust/release-evidence-disk';
import { verifyRelease } from '@bellwether/agent/trust/release-verifier';
import { approveRelease } from '@bellwether/control-plane/publisher/approve';
import { publishRelease } from '@bellwether/control-plane/publisher/publish';
import { readRelease } from '@bellwether/control-plane/publisher/release-source-disk';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { readKeyFile } from '@bellwether/shared/signing/key-file';
import { type CatalogServer, startCatalogServer } from '../support/catalog-server.js';
import { openSigner } from '../support/release-signers.js';
import { deviceNamed, signedOrder } from '../support/signed-order.js';

const digits = fileURLToPath(new URL('../../../examples/digits/1.0.0', import.meta.url));
const device = deviceNamed('meadow');

describe('a device and what the publisher’s tools have signed', () => {
  let server: CatalogServer;
  beforeEach(async () => {
    server = await startCatalogServer();
  });
  afterEach(() => server.remove());

  /** A device that was ordered to run the release, and has fetched what the repository says of it. */
  const refreshed = async (stage: 'staging' | 'production', manifest: string) => {
    const trust = await openDeviceTrust({
      folder: join(server.folder, `device-${stage}`),
      baseUrl: server.url,
      stage,
      allowDevelopment: true,
      root: { file: join(server.keys, 'root.json') },
      device,
      clock: systemClock,
      log: silentLog,
    });
    const { public: publicKey, seed } = await readKeyFile(join(server.keys, 'server/director.key'));
    const models = { digits: { stable: { version: '1.0.0', manifest } } };
    const order = signedOrder({ publicKey, seed }, { device, models });
    expect(await trust.offerOrder(order, never)).toMatchObject({ kind: 'accepted' });
    await trust.refresh(never);
    return trust;
  };
  const never = new AbortController().signal;

  it('agree, by both of the device’s verifiers', async () => {
    const { manifest } = await publishRelease(
      await readRelease(digits),
      await openSigner(server, 'publisher'),
      () => {},
    );
    const id = { model: 'digits', version: '1.0.0' };
    await approveRelease(id, await openSigner(server, 'approver'), () => {});
    for (const stage of ['staging', 'production'] as const) {
      const deviceTrust = await refreshed(stage, manifest);
      expect(deviceTrust.find('digits', '1.0.0')).toMatchObject({ sha256: manifest });
      const runnerTrust = deviceTrust.runnerTrust();
      const blobs = join(server.data, 'repository/blobs/sha256');
      const evidence = await readReleaseEvidence(runnerTrust, 'digits', blobs, manifest);
      const verified = verifyRelease(evidence, { trust: runnerTrust, ...id, manifestSha256: manifest });
      expect(verified).toEqual(server.catalog.find('digits', '1.0.0')?.manifestDocument);
    }
  });

  it('agree that production needs an approval', async () => {
    const { manifest } = await publishRelease(
      await readRelease(digits),
      await openSigner(server, 'publisher'),
      () => {},
    );
    expect((await refreshed('staging', manifest)).find('digits', '1.0.0')).toMatchObject({ sha256: manifest });
    const production = await refreshed('production', manifest);
    expect(() => production.find('digits', '1.0.0')).toThrow('digits@1.0.0 is not listed by production-digits');
  });
});
