import { defineConfig } from 'vitest/config';
import { LongestFirst } from './tools/longest-first.mjs';
import { suites } from './tools/suites.mjs';

/** Real processes, sockets and models need more time than pure functions. */
const pace = {
  unit: { testTimeout: 10_000, hookTimeout: 10_000 },
  integration: { testTimeout: 30_000, hookTimeout: 30_000 },
  attacks: { testTimeout: 30_000, hookTimeout: 30_000 },
  scenarios: { testTimeout: 90_000, hookTimeout: 60_000 },
  demo: { testTimeout: 240_000, hookTimeout: 60_000 },
  faults: { testTimeout: 90_000, hookTimeout: 60_000 },
  browser: { testTimeout: 60_000, hookTimeout: 60_000 },
};

/** How long `expect.poll` asks: vitest's own second is less than a machine may stand still that does other things as well. */
const pollTimeout = { unit: 8_000, integration: 20_000, attacks: 20_000 };

/**
 * Tests run as compiled JavaScript from test/dist, and the packages from their own dist through `exports`: what is tested
 * is what runs. Suites are folders; tools/test.mjs runs them one after the other and holds their budgets.
 */
export default defineConfig({
  test: {
    sequence: { sequencer: LongestFirst },
    projects: Object.entries(suites).map(([name, { folders }], index) => ({
      test: {
        name,
        include: folders.map((folder) => `test/dist/${folder}/**/*.test.js`),
        pool: 'forks',
        // No module of ours has a state of its own (STYLE 21): one process runs many files, which saves a third of the CPU.
        isolate: false,
        maxWorkers: 2,
        sequence: { groupOrder: index },
        execArgv: ['--enable-source-maps'],
        // Node loads our packages itself, as in production; otherwise vite would rewrite every workspace file.
        server: { deps: { external: [/\/(?:shared|agent|control-plane)\/dist\//] } },
        ...pace[name],
        expect: { poll: { timeout: pollTimeout[name] ?? 30_000 } },
      },
    })),
  },
});
