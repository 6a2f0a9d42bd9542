import { join } from 'node:path';
import { openCatalog } from '@bellwether/control-plane/catalog/catalog-disk';
import { systemClock } from '@bellwether/shared/clock';
import { silentLog } from '@bellwether/shared/log';
import { blobRelease, roleOf, signRole, streamOf } from './signed-roles.js';

/**
 * A server that publishes one release after the other until it is killed; prints the role's version after each. Arguments:
 * the key set's folder, the data folder.
 */
const [keys = '', data = ''] = process.argv.slice(2);
const catalog = await openCatalog({
  folder: join(data, 'repository'),
  keysFolder: join(data, 'keys'),
  clock: systemClock,
  log: silentLog,
});
const targets = Object.fromEntries(catalog.releases().map(({ version }) => [version, blobRelease(version).target]));
for (;;) {
  const release = blobRelease(`1.0.${Object.keys(targets).length}`);
  for (const [digest, bytes] of release.blobs) await catalog.storeBlob(digest, streamOf(bytes));
  targets[release.manifest.version] = release.target;
  const signed = roleOf('staging', Object.keys(targets).length + 1, targets);
  const { version } = await catalog.publishRole('staging-digits', await signRole(keys, signed));
  process.stdout.write(`${version}\n`);
}
