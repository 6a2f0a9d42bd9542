import { describe, expect, it } from 'vitest';
import {
  type AdmittedManifest,
  admitBudgets,
  admitFiles,
  admitListing,
  admitManifest,
  type BudgetCase,
  type MeasuredFile,
} from '@bellwether/agent/installs/admission';
import type { Listing } from '@bellwether/agent/trust/device-trust';
import { AdmissionRefusal } from '@bellwether/agent/trust/refusal';
import { decodeManifest, type Manifest, maxManifestBytes } from '@bellwether/shared/models/manifest';
import { sha256 } from '@bellwether/shared/signing/digest';
import { sampleRelease } from '../../support/sample-release.js';

const { manifest: bytes } = sampleRelease('digits', '1.1.0');
const manifest = decodeManifest(bytes);
const listing: Listing = { model: 'digits', version: '1.1.0', sha256: sha256(bytes), bytes: bytes.byteLength };
const ordered = { model: 'digits', version: '1.1.0', manifest: sha256(bytes) };

/** The manifest with a change, listed and ordered as if its signers had wanted it. */
function changed(change: Record<string, unknown>) {
  const altered = Buffer.from(JSON.stringify({ ...manifest, ...change }));
  const digest = sha256(altered);
  const listed: Listing = { ...listing, sha256: digest, bytes: altered.byteLength };
  return { ordered: { ...ordered, manifest: digest }, listing: listed, bytes: altered, serving: null };
}

function admit(change: Record<string, unknown> = {}, serving: Manifest | null = null): AdmittedManifest {
  return admitManifest({ ...changed(change), serving });
}

function codeOf(attempt: () => unknown): string {
  try {
    attempt();
  } catch (error) {
    if (error instanceof AdmissionRefusal) return error.code;
    throw error;
  }
  return 'admitted';
}

describe('admission of a manifest', () => {
  it('admits what is ordered, listed, sound and compatible', () => {
    const admitted = admitManifest({ ordered, listing, bytes, serving: manifest });
    expect(admitted.manifest).toEqual(manifest);
    expect(admitted.manifestSha256).toBe(sha256(bytes));
  });

  it('refuses an order that means other bytes than are listed: not-listed', () => {
    const other = { ...ordered, manifest: sha256(Buffer.from('another manifest')) };
    expect(codeOf(() => admitManifest({ ordered: other, listing, bytes, serving: null }))).toBe('not-listed');
  });

  it('refuses another version under the listing of this one: not-listed', () => {
    expect(codeOf(() => admitListing({ ...ordered, version: '1.2.0' }, listing))).toBe('not-listed');
  });

  it('refuses a listed manifest that no manifest may be as large as, before it is fetched: manifest-size', () => {
    expect(codeOf(() => admitListing(ordered, { ...listing, bytes: maxManifestBytes + 1 }))).toBe('manifest-size');
  });

  it('refuses a manifest that is not as long as listed: manifest-size', () => {
    const longer = Buffer.concat([bytes, Buffer.from(' ')]);
    expect(codeOf(() => admitManifest({ ordered, listing, bytes: longer, serving: null }))).toBe('manifest-size');
  });

  it('refuses a manifest with one flipped bit: manifest-digest', () => {
    const flipped = Buffer.from(bytes);
    flipped[100] = (flipped[100] ?? 0) ^ 1;
    expect(codeOf(() => admitManifest({ ordered, listing, bytes: flipped, serving: null }))).toBe('manifest-digest');
  });

  it('refuses a signed manifest that does not fit its schema: manifest-schema', () => {
    expect(codeOf(() => admit({ budgets: { memoryMb: 'all of it', p99Ms: 1 } }))).toBe('manifest-schema');
  });

  it('refuses a signed manifest that names files it does not list: manifest-schema', () => {
    expect(codeOf(() => admit({ graph: 'other.onnx' }))).toBe('manifest-schema');
  });

  it('refuses a manifest that is no JSON: manifest-schema', () => {
    const text = Buffer.from('{"schema":');
    const digest = sha256(text);
    const listed = { ...listing, sha256: digest, bytes: text.byteLength };
    const attempt = { ordered: { ...ordered, manifest: digest }, listing: listed, bytes: text, serving: null };
    expect(codeOf(() => admitManifest(attempt))).toBe('manifest-schema');
  });

  it.each([
    ['version', { version: '1.1.1' }],
    ['model', { model: 'letters' }],
  ])('refuses a manifest whose own %s is not the path it is listed under: manifest-identity', (_what, change) => {
    expect(codeOf(() => admit(change))).toBe('manifest-identity');
  });

  it('refuses an app input that apps do not know: incompatible', () => {
    const inputs = [{ name: 'x', dtype: 'FP32', shape: [2], role: 'app' }];
    expect(codeOf(() => admit({ inputs }, manifest))).toBe('incompatible');
  });

  it('says what differs', () => {
    const inputs = [{ name: 'x', dtype: 'FP32', shape: [2], role: 'app' }];
    expect(() => admit({ inputs }, manifest)).toThrow('input x is FP32[2] instead of FP32[1]');
  });

  it('lets inner tensors change, since apps never see them', () => {
    const outputs = [...manifest.outputs, { name: 'features', dtype: 'FP32', shape: [9], role: 'features' }];
    expect(codeOf(() => admit({ outputs }, manifest))).toBe('admitted');
  });

  it('holds the first release of a model against nothing', () => {
    const inputs = [{ name: 'x', dtype: 'FP32', shape: [2], role: 'app' }];
    expect(codeOf(() => admit({ inputs }))).toBe('admitted');
  });

  it('refuses data types that are not on the list: dtype', () => {
    const outputs = [{ name: 'y', dtype: 'INT4', shape: [1], role: 'app' }];
    expect(codeOf(() => admit({ outputs }))).toBe('dtype');
    expect(() => admit({ outputs })).toThrow('INT4');
  });
});

describe('admission to disk and memory', () => {
  const room: BudgetCase = {
    missingBytes: 100,
    diskFreeBytes: 300,
    diskReserveBytes: 200,
    memoryAvailableBytes: 64 * 1024 ** 2,
    memoryLimitMb: 64,
  };
  const attempt = (change: Partial<BudgetCase>) => codeOf(() => admitBudgets(admit(), { ...room, ...change }));

  it('admits what just fits', () => {
    expect(attempt({})).toBe('admitted');
  });

  it('refuses what would touch the reserve: disk', () => {
    expect(attempt({ missingBytes: 101 })).toBe('disk');
  });

  it('refuses more memory than one runner may have here: memory', () => {
    expect(attempt({ memoryLimitMb: 63 })).toBe('memory');
  });

  it('refuses more memory than is available: memory', () => {
    expect(attempt({ memoryAvailableBytes: 64 * 1024 ** 2 - 1 })).toBe('memory');
  });
});

describe('admission of files', () => {
  const measured = (change: Record<string, MeasuredFile> = {}) =>
    new Map(Object.entries({ ...manifest.files, ...change }));
  const attempt = (files: ReadonlyMap<string, MeasuredFile>) => codeOf(() => admitFiles(admit(), files, '/blobs'));

  it('makes the verified model that a runner may load', () => {
    const verified = admitFiles(admit(), measured(), '/blobs');
    expect(verified).toMatchObject({ manifest, manifestSha256: sha256(Buffer.from(JSON.stringify(manifest))) });
    expect(verified.blobFolder).toBe('/blobs');
  });

  it('refuses a file that is not there: blob-size', () => {
    const files = measured();
    files.delete('model.onnx');
    expect(attempt(files)).toBe('blob-size');
  });

  it('refuses a longer file: blob-size', () => {
    const file = manifest.files['model.onnx'] ?? { bytes: 0, sha256: '' };
    expect(attempt(measured({ 'model.onnx': { ...file, bytes: file.bytes + 1 } }))).toBe('blob-size');
  });

  it('refuses other bytes of the same length: blob-digest', () => {
    const file = manifest.files['model.onnx'] ?? { bytes: 0, sha256: '' };
    const other = { ...file, sha256: sha256(Buffer.from('something else')) };
    expect(attempt(measured({ 'model.onnx': other }))).toBe('blob-digest');
  });

  it('refuses two files that changed places: blob-size or blob-digest', () => {
    const { 'model.onnx': graph, 'golden.json': golden } = manifest.files;
    if (graph === undefined || golden === undefined) throw new Error('the sample has both');
    expect(attempt(measured({ 'model.onnx': golden, 'golden.json': graph }))).toMatch(/^blob-/);
  });
});
