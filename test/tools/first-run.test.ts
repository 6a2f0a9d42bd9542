import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { installEnvironment, installReason, nodedirFor, nodeProblem } from '#tools/install-plan.mjs';

let root = '';

function put(name: string, content: unknown): void {
  mkdirSync(dirname(join(root, name)), { recursive: true });
  writeFileSync(join(root, name), typeof content === 'string' ? content : JSON.stringify(content));
}

const wanted = {
  '': { name: 'bellwether' },
  agent: { version: '0.1.0' },
  'node_modules/@bellwether/agent': { resolved: 'agent', link: true },
  'node_modules/mqtt': { version: '5.16.0' },
  'node_modules/fsevents': { version: '2.3.3', optional: true },
};

/** What npm leaves behind after an install of `wanted` on Linux. */
function installAll(): void {
  put('package-lock.json', { packages: wanted });
  const installed = Object.entries(wanted).filter(([path]) => path !== '' && !path.endsWith('fsevents'));
  put('node_modules/.package-lock.json', { packages: Object.fromEntries(installed) });
  put('node_modules/mqtt/package.json', {});
  put('node_modules/@bellwether/agent/package.json', {});
}

beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'bellwether-first-run-'));
});
afterEach(() => {
  rmSync(root, { recursive: true });
});

describe('the decision to install', () => {
  it('finds nothing to do when everything in package-lock.json is there, other platforms aside', () => {
    installAll();
    expect(installReason(root)).toBeUndefined();
  });

  it('installs when node_modules is missing', () => {
    put('package-lock.json', { packages: wanted });
    expect(installReason(root)).toBe('node_modules is missing');
  });

  it('installs again after an interrupted install', () => {
    put('package-lock.json', { packages: wanted });
    put('node_modules/mqtt/package.json', {});
    expect(installReason(root)).toBe('an earlier install did not finish');
  });

  it('installs again when npm was cut off while it wrote its record', () => {
    installAll();
    put('node_modules/.package-lock.json', '{"packages": {"node_mod');
    expect(installReason(root)).toBe('an earlier install did not finish');
  });

  it('installs when the lock file asks for another version, and says which', () => {
    installAll();
    put('package-lock.json', { packages: { ...wanted, 'node_modules/mqtt': { version: '5.17.0' } } });
    expect(installReason(root)).toBe('node_modules/mqtt is 5.16.0, package-lock.json asks for 5.17.0');
  });

  it('installs when the lock file has a new package', () => {
    installAll();
    put('package-lock.json', { packages: { ...wanted, 'node_modules/yaml': { version: '2.9.1' } } });
    expect(installReason(root)).toBe('node_modules/yaml is not installed');
  });

  it('installs when a folder was deleted by hand', () => {
    installAll();
    rmSync(join(root, 'node_modules/mqtt'), { recursive: true });
    expect(installReason(root)).toBe('node_modules/mqtt is gone');
  });
});

describe('the environment of npm', () => {
  it("names Node's prefix when its own headers are there", () => {
    put('prefix/include/node/node.h', '');
    expect(nodedirFor(join(root, 'prefix/bin/node'))).toBe(join(root, 'prefix'));
  });

  it('lets node-gyp fetch headers when there are none', () => {
    expect(nodedirFor(join(root, 'prefix/bin/node'))).toBeUndefined();
    expect(installEnvironment({}, join(root, 'prefix/bin/node'))).toEqual({ ONNXRUNTIME_NODE_INSTALL: 'skip' });
  });

  it('never lets onnxruntime-node fetch CUDA, and keeps what the person has set', () => {
    put('prefix/include/node/node.h', '');
    const environment = installEnvironment({ npm_config_nodedir: '/own', PATH: '/bin' }, join(root, 'prefix/bin/node'));
    expect(environment).toEqual({ ONNXRUNTIME_NODE_INSTALL: 'skip', npm_config_nodedir: '/own', PATH: '/bin' });
  });
});

describe('the version of Node', () => {
  it.each(['20.19.0', '20.20.2', '22.0.0', '24.1.0'])('accepts %s', (version) => {
    expect(nodeProblem(version)).toBeUndefined();
  });

  it.each(['18.20.8', '20.18.3', '20.9.0'])('refuses %s and names both versions', (version) => {
    expect(nodeProblem(version)).toMatch(`needs Node 20.19 or newer; this is Node ${version}`);
  });
});
