import { describe, expect, it } from 'vitest';
import type { Rule } from './import-rules.js';
import {
  adaptersAtEntryPoints,
  fits,
  namedAndDirect,
  ownFolders,
  packagesAtHome,
  processAtEntryPoints,
  publisherOnlyFromCli,
  pureImports,
  pureWords,
  secretsComparedOnce,
  sharedWithoutInputOutput,
  withoutCycles,
} from './import-rules.js';
import { sourceFile, sourcesOf } from './project.js';

const project = sourcesOf('shared', 'agent', 'control-plane');

/** A rule, what it allows and what it must catch: `[path, text]` of files made up in memory. */
interface Case {
  readonly rule: Rule;
  readonly good: ReadonlyArray<readonly [string, string]>;
  readonly bad: ReadonlyArray<readonly [string, string]>;
}

const cases: Readonly<Record<string, Case>> = {
  'packages import shared and themselves, shared imports nothing of ours': {
    rule: ownFolders,
    good: [
      ['agent/a.ts', "import { x } from '@bellwether/shared/ids';"],
      ['control-plane/a.ts', "import { x } from './fleet/b.js';"],
      ['control-plane/console/a.tsx', "import type { X } from '@bellwether/control-plane/http/operator-api';"],
    ],
    bad: [
      ['shared/a.ts', "import { x } from '@bellwether/agent/b';"],
      ['agent/a.ts', "import type { X } from '@bellwether/control-plane/b';"],
      ['agent/trust/a.ts', "import { x } from '../../shared/../control-plane/b.js';"],
      ['control-plane/console/a.tsx', "import { x } from '../fleet/b.js';"],
      ['control-plane/console/a.tsx', "import { X } from '@bellwether/control-plane/http/operator-api';"],
    ],
  },
  'shared does no I/O': {
    rule: sharedWithoutInputOutput,
    good: [
      ['shared/a.ts', "import { createHash } from 'node:crypto';"],
      ['shared/signing/key-file.ts', "import { readFile } from 'node:fs/promises';"],
    ],
    bad: [
      ['shared/a.ts', "import { readFile } from 'node:fs/promises';"],
      ['shared/models/b.ts', "import net from 'node:net';"],
    ],
  },
  'P files import P and T files only': {
    rule: pureImports,
    good: [
      ['agent/reconcile/plan.ts', "import { step } from './step.js';\nimport type { Loop } from './loop.js';"],
      ['agent/installs/install-phases.ts', "import { CodedError } from '@bellwether/shared/errors';"],
    ],
    bad: [
      ['agent/reconcile/plan.ts', "import { loop } from './loop.js';"],
      ['agent/trust/listing.ts', "import { open } from 'node:fs/promises';"],
      ['agent/trust/order-gate.ts', "import { systemClock } from '@bellwether/shared/clock';"],
    ],
  },
  'P files have no await, clock, dice, environment, terminal or timer': {
    rule: pureWords,
    good: [
      ['agent/reconcile/plan.ts', '// await Date.now()\nconst at = new Date(now).toISOString(); const s = "process.";'],
      ['agent/reconcile/loop.ts', 'await wait(); Date.now();'],
    ],
    bad: [
      ['agent/reconcile/plan.ts', 'const x = await y;'],
      ['agent/reconcile/plan.ts', 'const x = Date.now();'],
      ['agent/reconcile/plan.ts', 'const x = new Date();'],
      ['agent/reconcile/plan.ts', 'const x = performance.now();'],
      ['agent/reconcile/plan.ts', 'const x = Math.random();'],
      ['shared/evidence/assignment.ts', 'const x = randomBytes(16);'],
      ['agent/reconcile/plan.ts', 'const x = process.env;'],
      ['agent/reconcile/plan.ts', 'console.log(1);'],
      ['agent/reconcile/plan.ts', 'setTimeout(f, 1);'],
    ],
  },
  'every package has one home': {
    rule: packagesAtHome,
    good: [
      ['agent/inference/runner-onnx.ts', "import { InferenceSession } from 'onnxruntime-node';"],
      ['control-plane/fleet/device-routes.ts', "import type { FastifyInstance } from 'fastify';"],
      ['agent/inference/engine.ts', "import type { Tensor } from 'onnxruntime-node';"],
    ],
    bad: [
      ['agent/inference/serving.ts', "import { InferenceSession } from 'onnxruntime-node';"],
      ['agent/reporter.ts', "const mqtt = await import('mqtt');"],
      ['control-plane/fleet/device.ts', "import leftPad from 'left-pad';"],
    ],
  },
  'adapters are wired at entry points': {
    rule: adaptersAtEntryPoints,
    good: [
      ['agent/agent.ts', "import { x } from './uplink/uplink-mqtt.js';"],
      ['agent/trust/repository-tuf.ts', "import { x } from './repository-tuf-files.js';"],
      ['agent/reconcile/loop.ts', "import type { X } from '../uplink/uplink-mqtt.js';"],
    ],
    bad: [
      ['agent/reconcile/loop.ts', "import { x } from '../uplink/uplink-mqtt.js';"],
      ['agent/trust/trust-store-disk.ts', "import { x } from '../uplink/uplink-mqtt.js';"],
      ['control-plane/fleet/device-routes.ts', "import { x } from './device-store-sql.js';"],
    ],
  },
  'only the CLI imports the publisher': {
    rule: publisherOnlyFromCli,
    good: [['control-plane/cli/release-publish.ts', "import { x } from '../publisher/sign.js';"]],
    bad: [['control-plane/catalog/catalog-routes.ts', "import { x } from '../publisher/sign.js';"]],
  },
  'process is seen by mains only': {
    rule: processAtEntryPoints,
    good: [
      ['agent/main.ts', 'process.exit(1);'],
      ['agent/inference/a.ts', 'this.process.kill(); // process.env'],
    ],
    bad: [
      ['agent/inference/engine.ts', 'const home = process.env.HOME;'],
      ['control-plane/config.ts', "import { env } from 'node:process';"],
    ],
  },
  'secrets are compared in one place': {
    rule: secretsComparedOnce,
    good: [
      ['shared/signing/digest.ts', "import { timingSafeEqual } from 'node:crypto';"],
      ['agent/a.ts', 'secretsEqual(a, b); // timingSafeEqual'],
    ],
    bad: [
      ['control-plane/a.ts', 'const same = timingSafeEqual(a, b);'],
      ['shared/signing/other.ts', "import { timingSafeEqual as same } from 'node:crypto';"],
    ],
  },
  'no barrels and no default exports': {
    rule: namedAndDirect,
    good: [['agent/a.ts', 'export const defaults = 1;']],
    bad: [
      ['agent/index.ts', 'export const a = 1;'],
      ['agent/a.ts', 'export default class {}'],
      ['agent/a.ts', 'export { a as default };'],
    ],
  },
  'no cycles': {
    rule: withoutCycles,
    good: [['agent/a.ts', "import { b } from './b.js';"]],
    bad: [['agent/a.ts', "import { a } from './a.js';"]],
  },
};

describe.each(Object.entries(cases))('%s', (_name, { rule, good, bad }) => {
  // A second and a half, and ten where other work has the machine.
  it('holds in this project', () => {
    expect(rule(project)).toEqual([]);
  }, 60_000);

  it.each(good)('allows %s: %s', (path, text) => {
    expect(rule([sourceFile(path, text)])).toEqual([]);
  });

  it.each(bad)('catches %s: %s', (path, text) => {
    expect(rule([sourceFile(path, text)])).toHaveLength(1);
  });
});

describe('the tables', () => {
  it('finds a cycle of types through three files', () => {
    const files = [
      sourceFile('agent/a.ts', "import type { B } from './b.js';"),
      sourceFile('agent/b.ts', "import { c } from '@bellwether/agent/c';"),
      sourceFile('agent/c.ts', "import type { A } from './a.js';"),
    ];
    expect(withoutCycles(files)).toEqual(['agent/a.ts → agent/b.ts → agent/c.ts → agent/a.ts']);
  });

  it('reads patterns as names and folders', () => {
    expect(fits('control-plane/fleet/device-routes.ts', 'control-plane/**/*-routes.ts')).toBe(true);
    expect(fits('control-plane/a-routes.ts', 'control-plane/**/*-routes.ts')).toBe(true);
    expect(fits('agent/installs/installer.ts', 'agent/installs/install.ts')).toBe(false);
    expect(fits('agent/installs/install-x/y.ts', 'agent/installs/install-*.ts')).toBe(false);
  });
});
