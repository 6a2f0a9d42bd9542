import { mkdir, mkdtemp, readdir, rm, stat, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { openIdentity } from '@bellwether/agent/identity/identity-disk';
import { openReceiptChain } from '@bellwether/agent/identity/receipt-chain-disk';
import { decodeReceipt, type Receipt } from '@bellwether/shared/contract/receipt';
import { replaceDurably } from '@bellwether/shared/files/durable-file-disk';
import { nodeFiles } from '@bellwether/shared/files/node-files-disk';
import { silentLog } from '@bellwether/shared/log';
import { sha256 } from '@bellwether/shared/signing/digest';
import { type Envelope, openEnvelope } from '@bellwether/shared/signing/envelope';
import { readVector } from '../../support/vectors.js';

let folder: string;

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bellwether-receipts-'));
});

afterEach(() => rm(folder, { recursive: true, force: true }));

const { report, atMs, runId, bootId, order, metadata, served } = readVector<Receipt>('contract/receipt');
const facts = { report, atMs, runId, bootId, order, metadata, served };

async function world() {
  const identity = await openIdentity(join(folder, 'identity'), 'meadow');
  const path = join(folder, 'receipts.json');
  const opened = (envelope: Envelope): { readonly receipt: Receipt; readonly digest: string } => {
    const bytes = Buffer.from(JSON.stringify(envelope));
    const { payload } = openEnvelope('receipt', bytes, [identity.publicKey], 100_000);
    return { receipt: decodeReceipt(payload), digest: sha256(payload) };
  };
  return {
    identity,
    path,
    opened,
    open: () =>
      openReceiptChain({
        path,
        identity,
        replaceFile: (to, bytes) => replaceDurably(nodeFiles, to, bytes),
        log: silentLog,
      }),
  };
}

describe('the chain of receipts on disk', () => {
  it('signs link after link, each with the digest of the one before', async () => {
    const { open, opened, identity } = await world();
    const chain = await open();
    const first = opened(await chain.next(facts));
    const second = opened(await chain.next(facts));
    expect(first.receipt).toMatchObject({ ...facts, device: identity.device, number: 1, previous: null });
    expect(second.receipt).toMatchObject({ number: 2, previous: first.digest });
  });

  it('goes on after a restart where it was, and leaves nothing beside its file', async () => {
    const { open, opened } = await world();
    const first = opened(await (await open()).next(facts));
    const second = opened(await (await open()).next(facts));
    expect(second.receipt).toMatchObject({ number: 2, previous: first.digest });
    expect(await readdir(folder)).toEqual(['identity', 'receipts.json']);
  });

  it('signs nothing that it cannot keep: the number is not used twice', async () => {
    const { open, opened } = await world();
    const chain = await open();
    const first = opened(await chain.next(facts));
    await rm(folder, { recursive: true });
    await expect(chain.next(facts)).rejects.toThrow(/ENOENT/);
    await mkdir(folder);
    expect(opened(await chain.next(facts)).receipt).toMatchObject({ number: 2, previous: first.digest });
  });

  it('begins anew when its file is not what it wrote, and keeps the agent starting', async () => {
    const { open, opened, path } = await world();
    await (await open()).next(facts);
    await writeFile(path, '{"version":1,"number":0}');
    expect(opened(await (await open()).next(facts)).receipt).toMatchObject({ number: 1, previous: null });
  });

  it('is nobody else’s to read', async () => {
    const { open, path } = await world();
    await (await open()).next(facts);
    expect((await stat(path)).mode & 0o777).toBe(0o600);
  });
});
