import { readFile, rm, symlink } from 'node:fs/promises';
import { join } from 'node:path';
import { signPath } from '@bellwether/control-plane/catalog/signed-url';
import { blobPath, metadataPath } from '@bellwether/shared/contract/http-api';
import { sha256 } from '@bellwether/shared/signing/digest';
import type { ServerAttack } from '../support/attack-on-server.js';
import { onServer } from '../support/attack-on-server.js';
import type { Patch } from '../support/patched-product.js';
import { type RawReply, rawRequest } from '../support/raw-http.js';
import type { ServerWorld } from '../support/server-world.js';

const followed: readonly Patch[] = [
  {
    module: 'control-plane/catalog/plain-file-disk',
    guard: 'constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK',
    permissive: 'constants.O_RDONLY',
  },
];
const linkGuard = 'no link is followed (control-plane/catalog/plain-file-disk.ts)';

/** Keys are hex of a seed: whoever reads one can sign. */
const isKey = ({ body }: RawReply): boolean => body.includes('"seed"');

function codeOf(reply: RawReply): string {
  if (reply.status < 300) return 'passed';
  return (JSON.parse(reply.body) as { readonly code: string }).code;
}

/** As a device that is in, with its token for the artefacts. */
async function asDevice(world: ServerWorld): Promise<Readonly<Record<string, string>>> {
  const { token } = await world.mallory.openSession('artefacts');
  return { authorization: `Bearer ${token}` };
}

/** Puts a link to the server's own key where a file is served, and asks for it. */
async function throughLink(world: ServerWorld, folder: string, name: string, path: string): Promise<string> {
  const link = join(world.server.data, 'repository', folder, name);
  await symlink(join(world.server.data, 'keys', 'director.key'), link);
  try {
    const reply = await rawRequest(world.server.httpUrl, path + name, { headers: await asDevice(world) });
    return isKey(reply) ? 'passed' : codeOf(reply);
  } finally {
    await rm(link);
  }
}

export const attacks: readonly ServerAttack[] = [
  onServer({
    id: 'artefact-metadata-path',
    row: 'asks for ..%2f..%2fkeys%2fdirector.key among the metadata, which is for anybody',
    attacker: 'network',
    code: 'path-invalid',
    control: 'names of metadata (control-plane/catalog/catalog-routes.ts)',
    patches: [
      {
        module: 'control-plane/catalog/catalog-routes',
        guard: 'Type.String({ pattern: metadataFile })',
        permissive: 'Type.String()',
      },
    ],
    attack: async (world) => {
      const reply = await rawRequest(world.server.httpUrl, `${metadataPath}..%2f..%2fkeys%2fdirector.key`);
      return isKey(reply) ? 'passed' : codeOf(reply);
    },
  }),
  onServer({
    id: 'artefact-blob-path',
    row: 'asks for ..%2f..%2f..%2fkeys%2fdirector.key among the blobs, with a device’s own token',
    attacker: 'one device',
    code: 'path-invalid',
    control: 'names of blobs are digests (control-plane/catalog/catalog-routes.ts)',
    patches: [
      {
        module: 'control-plane/catalog/catalog-routes',
        guard: 'Type.String({ pattern: hex64Pattern })',
        permissive: 'Type.String()',
      },
    ],
    attack: async (world) => {
      const headers = await asDevice(world);
      const reply = await rawRequest(world.server.httpUrl, `${blobPath}..%2f..%2f..%2fkeys%2fdirector.key`, {
        headers,
      });
      return isKey(reply) ? 'passed' : codeOf(reply);
    },
  }),
  onServer({
    id: 'artefact-linked-blob',
    row: 'has put a link to the server’s director key among its blobs, and downloads it as a device',
    attacker: 'a local user',
    code: 'not-found',
    control: linkGuard,
    patches: followed,
    attack: (world) => throughLink(world, 'blobs/sha256', sha256(Buffer.from('a name')), blobPath),
  }),
  onServer({
    id: 'artefact-linked-metadata',
    row: 'has put the same link among the metadata',
    attacker: 'a local user',
    code: 'not-found',
    control: linkGuard,
    patches: followed,
    attack: (world) => throughLink(world, 'metadata', '999.root.json', metadataPath),
  }),
  onServer({
    id: 'artefact-without-token',
    row: 'downloads a model without a token',
    attacker: 'network',
    code: 'download-token-missing',
    control: 'who may download (DownloadGate.judge, control-plane/catalog/download-gate.ts)',
    patches: [
      { module: 'control-plane/catalog/download-gate', guard: 'if (isPublic(sha256))', permissive: 'if (true)' },
    ],
    attack: async (world) => codeOf(await rawRequest(world.server.httpUrl, blobPath + world.blob)),
  }),
  onServer({
    id: 'artefact-url-for-another',
    row: 'shows a signed URL that was given for another blob',
    attacker: 'network',
    code: 'download-url-invalid',
    control: 'a URL is signed for its path (isSignedPath, control-plane/catalog/signed-url.ts)',
    patches: [
      {
        module: 'control-plane/catalog/download-gate',
        guard: 'if (isSignedPath(',
        permissive: 'if (true || isSignedPath(',
      },
    ],
    attack: async (world) => {
      const secret = (await readFile(join(world.server.data, 'keys', 'artefact-url.secret'), 'utf8')).trim();
      const { expires, signature } = signPath(secret, blobPath + sha256(Buffer.from('another')), Date.now() + 60_000);
      const query = `?expires=${expires}&signature=${signature}`;
      return codeOf(await rawRequest(world.server.httpUrl, blobPath + world.blob + query));
    },
  }),
];
