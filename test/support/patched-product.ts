import { cp, link, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The worktree, seen from test/dist/support. */
export const worktree = fileURLToPath(new URL('../../../', import.meta.url));

/** One line of the built product, and what stands there instead: the guard of a negative control. */
export interface Patch {
  /** `agent/trust/release-verifier-signatures`, `shared/signing/ed25519-strict`, `control-plane/…`. */
  readonly module: string;
  /** Must occur exactly once. */
  readonly guard: string;
  readonly permissive: string;
}

/** A copy of the built product in which one guard lets everything pass. Everything else is what is shipped. */
export interface PatchedProduct {
  /** Of the copy: `agent/dist`. */
  readonly agentDist: string;
  readonly sharedDist: string;
  readonly serverDist: string;
  /** Of a copy of test/support, which runs on the patched product. */
  readonly supportDist: string;
  remove(): Promise<void>;
}

const packages = ['shared', 'agent', 'control-plane'] as const;

/** Takes the build and changes the line in a copy. Rejects when the guard is not there exactly once: a control must not rot. */
export async function patchProduct(...patches: readonly Patch[]): Promise<PatchedProduct> {
  await mkdir(join(worktree, '.bellwether'), { recursive: true });
  const folder = await mkdtemp(join(worktree, '.bellwether', 'patched-'));
  const own = join(folder, 'node_modules', '@bellwether');
  await mkdir(own, { recursive: true });
  for (const name of packages) {
    await mkdir(join(own, name));
    await linkTree(join(worktree, name, 'dist'), join(own, name, 'dist'));
    await cp(join(worktree, name, 'package.json'), join(own, name, 'package.json'));
    // Packages that npm put beside this one and not at the root.
    await symlink(join(worktree, name, 'node_modules'), join(own, name, 'node_modules')).catch(() => {
      // There are none.
    });
  }
  // What the support reads from beside itself.
  await symlink(join(worktree, 'examples'), join(folder, 'examples'));
  const supportDist = join(folder, 'test', 'dist', 'support');
  await linkTree(join(worktree, 'test', 'dist', 'support'), supportDist);
  for (const { module, guard, permissive } of patches) {
    const [name = '', ...rest] = module.split('/');
    const path = join(own, name, 'dist', `${rest.join('/')}.js`);
    const text = await readFile(path, 'utf8');
    const times = text.split(guard).length - 1;
    if (times !== 1) throw new Error(`${module} has the guard ${times} times instead of once: ${guard}`);
    await rm(path); // it is the built file itself until then
    await writeFile(
      path,
      text.replace(guard, () => permissive),
    );
  }
  return {
    agentDist: join(own, 'agent', 'dist'),
    sharedDist: join(own, 'shared', 'dist'),
    serverDist: join(own, 'control-plane', 'dist'),
    supportDist,
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The same files under another path: for Node they are other modules, and nothing is copied. What only people read stays behind. */
async function linkTree(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  for (const entry of await readdir(from, { withFileTypes: true })) {
    const [source, target] = [join(from, entry.name), join(to, entry.name)];
    if (entry.isDirectory()) await linkTree(source, target);
    else if (!/\.(?:d\.ts|d\.ts\.map|tsbuildinfo)$/.test(entry.name)) await link(source, target);
  }
}
