import type { Attack } from '../support/attack.js';
import { onVerifiers } from '../support/hostile-device.js';
import { approved, orderOf, orderVerdict, runnerOnRole, sealOrder } from '../support/hostile-documents.js';
import { type DeviceCode, runnerVerdict } from '../support/mutant-device.js';
import { type MutantWorld, signPart } from '../support/mutant-world.js';
import { targetOf } from '../support/signed-repository.js';

const member = (text: string, what: string): string => text.replace('{', `{${what},`);

/** What the gate makes of an order whose text somebody with the director's key has edited before it was signed. */
const verdictOn = (code: DeviceCode, world: MutantWorld, edit: (text: string) => string): string =>
  orderVerdict(code, world, orderOf(world, edit));

/** A manifest that both roles list, as if publisher and approver had not looked. */
function listed(world: MutantWorld, manifest: Uint8Array) {
  const { ledger, drafts, keys, next } = world;
  const leaf = (stage: 'staging' | 'production', key: (typeof keys)['publisher']) => {
    const name = `${stage}-digits` as const;
    const targets = { [`${stage}/digits/1.1.0/manifest.json`]: targetOf(manifest) };
    return [name, signPart(ledger, { ...drafts[name], targets }, [key])] as const;
  };
  const leaves = new Map([leaf('staging', keys.publisher), leaf('production', keys.approver)]);
  return { files: { ...next, leaves }, manifest };
}

export const attacks: readonly Attack[] = [
  onVerifiers({
    id: 'parsing-duplicate-keys',
    row: 'signs an order that says its generation twice: two readers see two documents',
    attacker: 'director',
    code: 'order-malformed',
    control: 'each key once (shared/contract/strict-json.ts)',
    patches: [{ module: 'shared/contract/strict-json', guard: 'if (entries.has(key))', permissive: 'if (false)' }],
    attack: (code, world) => verdictOn(code, world, (text) => member(text, '"generation":1')),
  }),
  onVerifiers({
    id: 'parsing-proto',
    row: 'signs an order with the key __proto__',
    attacker: 'director',
    code: 'order-malformed',
    control: 'no __proto__ (shared/contract/strict-json.ts)',
    patches: [{ module: 'shared/contract/strict-json', guard: "if (key === '__proto__')", permissive: 'if (false)' }],
    attack: (code, world) => verdictOn(code, world, (text) => member(text, '"__proto__":{"empty":true}')),
  }),
  onVerifiers({
    id: 'parsing-deep-nesting',
    row: 'signs an order that is nested 500 levels deep',
    attacker: 'director',
    code: 'order-malformed',
    control: '32 levels (shared/contract/strict-json.ts)',
    patches: [
      { module: 'shared/contract/strict-json', guard: 'if (depth === maxDepth && ', permissive: 'if (false && ' },
    ],
    attack: (code, world) =>
      verdictOn(code, world, (text) => member(text, `"deep":${'['.repeat(500)}${']'.repeat(500)}`)),
  }),
  onVerifiers({
    id: 'parsing-infinite-number',
    row: 'signs an order with the number 1e400, which is infinite for some readers',
    attacker: 'director',
    code: 'order-malformed',
    control: 'finite numbers (shared/contract/strict-json.ts)',
    patches: [{ module: 'shared/contract/strict-json', guard: '|| !Number.isFinite(value)', permissive: '' }],
    attack: (code, world) => verdictOn(code, world, (text) => member(text, '"huge":1e400')),
  }),
  onVerifiers({
    id: 'parsing-huge-generation',
    row: 'signs an order of a generation beyond 2^53, where two numbers are one',
    attacker: 'director',
    code: 'order-schema',
    control:
      'safe integers, where the head and where the whole order is read (agent/trust/order-gate.ts, shared/contract/order.ts)',
    patches: [
      {
        module: 'agent/trust/order-gate',
        guard: 'generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })',
        permissive: 'generation: Type.Number()',
      },
      {
        module: 'shared/contract/order',
        guard: 'generation: Type.Integer({ minimum: 1, maximum: Number.MAX_SAFE_INTEGER })',
        permissive: 'generation: Type.Number()',
      },
    ],
    attack: (code, world) =>
      verdictOn(code, world, (text) => text.replace(/"generation":\d+/, '"generation":9007199254740993')),
  }),
  onVerifiers({
    id: 'parsing-oversized-order',
    row: 'signs an order of 100 kB',
    attacker: 'director',
    code: 'order-size',
    control: 'size caps of documents (shared/contract/decode.ts)',
    patches: [
      { module: 'shared/contract/decode', guard: 'if (bytes.byteLength > limits.maxBytes)', permissive: 'if (false)' },
    ],
    attack: (code, world) => verdictOn(code, world, (text) => member(text, `"padding":"${'x'.repeat(100_000)}"`)),
  }),
  onVerifiers({
    id: 'parsing-not-utf8',
    row: 'signs an order whose text is not UTF-8',
    attacker: 'director',
    code: 'order-malformed',
    control: 'well-formed UTF-8 (shared/contract/strict-json.ts)',
    patches: [{ module: 'shared/contract/strict-json', guard: 'fatal: true', permissive: 'fatal: false' }],
    attack: (code, world) => {
      const text = orderOf(world, (json) => member(json, '"note":"\u00ff"'));
      const { payload } = JSON.parse(Buffer.from(text).toString()) as { readonly payload: string };
      const broken = Buffer.from(Buffer.from(payload, 'base64').toString(), 'latin1');
      return orderVerdict(code, world, sealOrder(world, broken));
    },
  }),
  onVerifiers({
    id: 'parsing-byte-order-mark',
    row: 'puts a byte-order mark before a role’s file',
    attacker: 'network',
    code: 'malformed',
    control: 'no byte-order mark (shared/contract/strict-json.ts)',
    patches: [{ module: 'shared/contract/strict-json', guard: 'ignoreBOM: true', permissive: 'ignoreBOM: false' }],
    attack: (code, world) => runnerOnRole(code, world, (text) => `\u00ef\u00bb\u00bf${text}`),
  }),
  onVerifiers({
    id: 'parsing-lone-surrogate',
    row: 'writes half a surrogate pair where U+FFFD was signed: two texts under one signature',
    attacker: 'network',
    code: 'malformed',
    control: 'well-formed Unicode in what is signed (agent/trust/canonical-json.ts)',
    patches: [
      { module: 'agent/trust/canonical-json', guard: 'if (/\\p{Surrogate}/u.test(text))', permissive: 'if (false)' },
    ],
    attack: (code, world) =>
      runnerOnRole(
        code,
        world,
        (text) => text.replace('\u00ef\u00bf\u00bd', '\\ud800'),
        approved(world, { 'x-note': '\ufffd' }),
      ),
  }),
  onVerifiers({
    id: 'parsing-file-name-with-dots',
    row: 'gets a manifest signed that names a file ../../etc/passwd',
    attacker: 'one publisher',
    code: 'malformed',
    control: 'the list of file names is closed (shared/models/manifest.ts)',
    patches: [
      {
        module: 'shared/models/manifest',
        guard: '{ maxProperties: 100, additionalProperties: false }',
        permissive: '{ maxProperties: 100 }',
      },
    ],
    attack: (code, world) => {
      const manifest = JSON.parse(Buffer.from(world.newer.manifest).toString()) as { files: Record<string, unknown> };
      manifest.files['../../etc/passwd'] = manifest.files['model.onnx'];
      return runnerVerdict(code, world, listed(world, Buffer.from(JSON.stringify(manifest))), '1.1.0');
    },
  }),
  onVerifiers({
    id: 'parsing-file-name-with-nul',
    row: 'gets a manifest signed that names a file model.onnx with a NUL behind it, where some readers end',
    attacker: 'one publisher',
    code: 'malformed',
    control: 'the list of file names is closed (shared/models/manifest.ts)',
    patches: [
      {
        module: 'shared/models/manifest',
        guard: '{ maxProperties: 100, additionalProperties: false }',
        permissive: '{ maxProperties: 100 }',
      },
    ],
    attack: (code, world) => {
      const manifest = JSON.parse(Buffer.from(world.newer.manifest).toString()) as { files: Record<string, unknown> };
      manifest.files['model.onnx\0.sig'] = manifest.files['model.onnx'];
      return runnerVerdict(code, world, listed(world, Buffer.from(JSON.stringify(manifest))), '1.1.0');
    },
  }),
];
