// Three attacks by a compromised server. Each is carried out for real; the agents' own words say how it ended.

import { join } from 'node:path';
import { flipOneBit, forgeOrders, listWithUnknownKey, plantOrders, readOrders } from './compromised-server.mjs';
import { digestOf } from './digest.mjs';
import { nextRelease } from './scratch-release.mjs';
import { tell } from './show.mjs';

/** Runs them one after the other; answers `[{ attack, code }]`, the code null where the fleet did not refuse alike. */
export async function attackTheFleet({ fleet, examples, folder, promise }) {
  await fleet.stopServer();
  const oldOrders = readOrders(fleet.dataFolder);
  await fleet.startServer();
  const refusals = [];
  const refused = async (attack, codesOf) => {
    const code = await agreedCode(fleet, attack, codesOf);
    refusals.push({ attack, code });
    return code;
  };

  tell('1  one bit is flipped in digits@1.1.1, validly signed, before any device has fetched it');
  const changed = await publishNext({ fleet, examples, folder });
  promise(await serverRefusesUpload(fleet, changed), 'the server itself refuses such bytes at upload: blob-digest');
  await flipOneBit(fleet.dataFolder, digestOf(changed));
  const rollout = await fleet.cli(['rollout', 'create', 'digits@1.1.1', '--to', 'all']);
  const flipped = await refused('bit-flip', (device) => refusalOfRelease(device, '1.1.1'));
  promise(flipped === 'blob-digest', `all three refuse it: ${flipped}, and go on serving`);
  tell(`   rollout ${rollout.id} is held; nothing was swapped`);

  tell('2  digits@1.1.2 is put straight into the repository, its roles signed by an unknown key, and ordered');
  const release = (await fleet.get('/releases/digits/1.1.0')).manifest;
  const manifest = await listWithUnknownKey(fleet.dataFolder, { model: 'digits', version: '1.1.2', like: release });
  await fleet.stopServer();
  await forgeOrders(fleet.dataFolder, { model: 'digits', version: '1.1.2', manifest });
  await fleet.startServer();
  const unlisted = await refused('unknown-key', (device) => refusalOfRelease(device, '1.1.2'));
  promise(unlisted === 'not-listed', `all three refuse it: ${unlisted}`);

  tell('3  the orders of before, validly signed then, are published again');
  await fleet.stopServer();
  plantOrders(fleet.dataFolder, oldOrders);
  await fleet.startServer();
  const replayed = await refused('old-order', (device) => device.report?.orderRefusal?.code);
  promise(replayed === 'generation-old', `all three refuse them: ${replayed}`);
  tell(
    '   alerts stay open for these refusals, and a day for digits@1.2.0 taken back: all went well, and a person should know',
  );
  return refusals;
}

async function publishNext({ fleet, examples, folder }) {
  const to = join(folder, 'digits-1.1.1');
  const changed = await nextRelease({ from: join(examples, '1.1.0'), to, version: '1.1.1' });
  await fleet.publishAndApprove(to, 'digits@1.1.1');
  return changed;
}

async function serverRefusesUpload(fleet, bytes) {
  const altered = Buffer.from(bytes);
  altered[altered.length >> 1] ^= 2;
  const reply = await fetch(`${fleet.server.httpUrl}/api/v1/blobs/sha256/${digestOf(Buffer.concat([bytes, bytes]))}`, {
    method: 'PUT',
    headers: { authorization: `Bearer ${fleet.token}`, 'content-type': 'application/octet-stream' },
    body: altered,
  });
  return !reply.ok && (await reply.json()).code === 'blob-digest';
}

function refusalOfRelease(device, version) {
  const refusal = (device.report?.models ?? []).map((m) => m.refusal).find((r) => r?.version === version);
  return refusal?.code;
}

/** Waits until every device has refused; the code when they all say the same, else all of them joined. */
async function agreedCode(fleet, attack, codesOf) {
  const devices = await fleet.until(`every device has refused ${attack}`, (all) =>
    all.every((d) => codesOf(d) !== undefined),
  );
  return [...new Set(devices.map(codesOf))].join(', ');
}
