// What somebody can do who has the server: its data folder, and the director, snapshot and timestamp keys that lie in
// it. Publisher and approver keys were never there. Used by the demo with the server stopped or running; the server
// does not hash what it sends.

import { open, readFile, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { digestOf } from './digest.mjs';

const require = createRequire(new URL('../../control-plane/package.json', import.meta.url));
const readJson = async (path) => JSON.parse(await readFile(path, 'utf8'));

/** The signing code of the product, loaded when it has been built. */
async function signing() {
  const { keyIdOf, signEd25519 } = await import('../../shared/dist/signing/ed25519.js');
  const { sealEnvelope } = await import('../../shared/dist/signing/envelope.js');
  const { generateKeyPair } = await import('../../shared/dist/signing/key-pair.js');
  return { keyIdOf, signEd25519, sealEnvelope, generateKeyPair };
}

/** Flips one bit in the middle of a stored blob. */
export async function flipOneBit(dataFolder, digest) {
  const file = await open(join(dataFolder, 'repository', 'blobs', 'sha256', digest), 'r+');
  try {
    const { size } = await file.stat();
    const byte = Buffer.alloc(1);
    await file.read(byte, 0, 1, size >> 1);
    byte[0] ^= 1;
    await file.write(byte, 0, 1, size >> 1);
  } finally {
    await file.close();
  }
}

/**
 * Lists a release in the family's two roles, signed by a key of the attacker's own, and signs snapshot and timestamp
 * with the server's keys so that everything above the roles is in order. Answers the digest of its manifest.
 */
export async function listWithUnknownKey(dataFolder, { model, version, like }) {
  const { generateKeyPair } = await signing();
  const blobs = join(dataFolder, 'repository', 'blobs', 'sha256');
  const manifest = await readJson(join(blobs, like));
  const bytes = Buffer.from(JSON.stringify({ ...manifest, version }));
  await writeFile(join(blobs, digestOf(bytes)), bytes);

  const folder = join(dataFolder, 'repository', 'metadata');
  const timestamp = await readJson(join(folder, 'timestamp.json'));
  const snapshotVersion = timestamp.signed.meta['snapshot.json'].version;
  const snapshot = await readJson(join(folder, `${snapshotVersion}.snapshot.json`));
  const stranger = generateKeyPair();
  for (const stage of ['staging', 'production']) {
    const role = `${stage}-${model}`;
    const entry = snapshot.signed.meta[`${role}.json`];
    const { signed } = await readJson(join(folder, `${entry.version}.${role}.json`));
    signed.version += 1;
    signed.targets[`${stage}/${model}/${version}/manifest.json`] = {
      length: bytes.length,
      hashes: { sha256: digestOf(bytes) },
    };
    const file = await signBy(signed, stranger);
    await writeFile(join(folder, `${signed.version}.${role}.json`), file);
    snapshot.signed.meta[`${role}.json`] = describe(signed.version, file);
  }
  snapshot.signed.version += 1;
  const snapshotFile = await signBy(snapshot.signed, await serverKey(dataFolder, 'snapshot'));
  await writeFile(join(folder, `${snapshot.signed.version}.snapshot.json`), snapshotFile);
  timestamp.signed.version += 1;
  timestamp.signed.meta['snapshot.json'] = describe(snapshot.signed.version, snapshotFile);
  await writeFile(
    join(folder, 'timestamp.json'),
    await signBy(timestamp.signed, await serverKey(dataFolder, 'timestamp')),
  );
  return digestOf(bytes);
}

/** The orders as the server keeps them, by device. The server must be stopped. */
export function readOrders(dataFolder) {
  return withDatabase(
    dataFolder,
    (database) =>
      new Map(
        database
          .prepare('select device, envelope from orders')
          .all()
          .map((row) => [row.device, row.envelope]),
      ),
  );
}

/** Puts kept envelopes in the place of the server's orders: it publishes them at its next start. The server must be stopped. */
export function plantOrders(dataFolder, envelopes) {
  withDatabase(dataFolder, (database) => {
    const put = database.prepare('update orders set envelope = ? where device = ?');
    for (const [device, envelope] of envelopes) put.run(envelope, device);
  });
}

/**
 * Signs new orders with the director's key, the next generation with this release in the place of the ordered one, and
 * enters them as the server's own, so that its honest code does not overtake them. The server must be stopped.
 */
export async function forgeOrders(dataFolder, { model, version, manifest }) {
  const { sealEnvelope } = await signing();
  const director = await serverKey(dataFolder, 'director');
  const kept = readOrders(dataFolder);
  withDatabase(dataFolder, (database) => {
    const put = database.prepare('update orders set envelope = ?, generation = ?, digest = ? where device = ?');
    for (const [device, envelope] of kept) {
      const order = JSON.parse(Buffer.from(JSON.parse(envelope.toString()).payload, 'base64').toString());
      order.generation += 1;
      order.models[model] = { stable: { version, manifest } };
      const digest = digestOf(Buffer.from(JSON.stringify(order)));
      put.run(Buffer.from(sealEnvelope('order', order, [director])), order.generation, digest, device);
    }
  });
}

async function serverKey(dataFolder, use) {
  const { public: publicKey, seed } = await readJson(join(dataFolder, 'keys', `${use}.key`));
  return { publicKey, seed };
}

async function signBy(signed, key) {
  const { keyIdOf, signEd25519 } = await signing();
  const sig = Buffer.from(signEd25519(key.seed, Buffer.from(canonical(signed)))).toString('hex');
  return Buffer.from(JSON.stringify({ signatures: [{ keyid: keyIdOf(key.publicKey), sig }], signed }));
}

function describe(version, bytes) {
  return { version, length: bytes.length, hashes: { sha256: digestOf(bytes) } };
}

/** OLPC canonical JSON, as TUF signs it. */
function canonical(value) {
  if (Array.isArray(value)) return `[${value.map(canonical).join(',')}]`;
  if (typeof value === 'string') return `"${value.replaceAll('\\', '\\\\').replaceAll('"', '\\"')}"`;
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${canonical(key)}:${canonical(value[key])}`).join(',')}}`;
}

function withDatabase(dataFolder, use) {
  const Database = require('better-sqlite3');
  const database = new Database(join(dataFolder, 'bellwether.sqlite'));
  try {
    return use(database);
  } finally {
    database.close();
  }
}
