import { join } from 'node:path';
import type { MutantRun } from '../support/attack.js';
import { loadDeviceCode } from '../support/mutant-device.js';
import { makeMutantWorld } from '../support/mutant-world.js';
import { runMutants } from '../support/mutants.js';
import { worktree } from '../support/patched-product.js';

/** The mutants that the bench counts begin where those of `npm test` do. */
const seed = 1;
const progressEvery = 500;

/** Seeded mutants of TUF files, keys/online.json, manifests, orders and the server's time, against both verifiers of a device. */
export const mutants: MutantRun = {
  async run(count, report) {
    const world = await makeMutantWorld();
    const code = await loadDeviceCode(join(worktree, 'agent', 'dist'));
    const onProgress = (
      done: number,
      { accepted, allowed, faults }: { accepted: number; allowed: number; faults: readonly string[] },
    ) => {
      if (done % progressEvery === 0 || done === count) {
        report(`mutants ${String(done).padStart(6)} of ${count}: ${accepted} accepted, ${allowed} rightly acted on`);
      }
      if (done === count) for (const fault of faults) report(`  ${fault}`);
    };
    const found = await runMutants(code, world, { seed, count, onProgress });
    report(
      `mutants: ${found.resigned} signed again, ${found.spareSignatures} with a spare signature, ${found.crashed} crashed`,
    );
    return {
      mutants: found.mutants,
      accepted: found.accepted + found.crashed,
      sameMeaning: found.sameMeaningTuf,
      sameMeaningOwn: found.sameMeaningOwn,
    };
  },
};
