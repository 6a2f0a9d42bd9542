import { describe, expect, it } from 'vitest';
import type { ObservedAnswer, ObservedArm } from '@bellwether/agent/inference/observer';
import { Recorder, type WindowFrame } from '@bellwether/agent/telemetry/recorder';
import { decodeWindow, type HostWindow } from '@bellwether/shared/contract/window';
import { countOf } from '@bellwether/shared/evidence/histogram';
import { decodeHistogram } from '@bellwether/shared/evidence/histogram-wire';

const start = { wallMs: 1_790_000_000_000, monotonicMs: 500 };
const at = (seconds: number) => ({ wallMs: start.wallMs + seconds * 1000, monotonicMs: 500 + seconds * 1000 });
const host: HostWindow = {
  cores: 2,
  agentCpuPct: 1,
  runnersCpuPct: 2,
  agentRssBytes: 3,
  runnersRssBytes: 4,
  load1: 0.5,
  memoryTotalBytes: 5,
  memoryAvailableBytes: 6,
  diskTotalBytes: 7,
  diskFreeBytes: 8,
  temperatureC: null,
};
const frame: WindowFrame = {
  device: 'pi-7-0123456789abcdef',
  runId: 'ab'.repeat(16),
  bootId: 'boot',
  sequence: 0,
  host,
  outbox: { waiting: 1, bytes: 2, lostWindows: 3, lostEvents: 4 },
};
const stable: ObservedArm = {
  model: 'digits',
  version: '1.0.0',
  manifest: '0'.repeat(64),
  arm: 'stable',
  segment: 0,
};
const answer = (overrides: Partial<ObservedAnswer> = {}): ObservedAnswer => ({
  ...stable,
  computeMicros: 130,
  totalMicros: 900,
  reading: [{ classIndex: 3, confidence: 0.97 }],
  invalid: false,
  classes: 10,
  ...overrides,
});

describe('the recorder', () => {
  it('makes windows that fit the schema and follow each other without a gap', () => {
    const recorder = new Recorder(start);
    recorder.answered(answer());
    const first = recorder.takeWindow(at(60), frame);
    const second = recorder.takeWindow(at(120), { ...frame, sequence: 1 });
    expect(decodeWindow(Buffer.from(JSON.stringify(first)))).toEqual(first);
    expect(first).toMatchObject({ startMs: 0, endMs: 60_000, wallStartMs: start.wallMs, sequence: 0, host });
    expect(second).toMatchObject({ startMs: 60_000, endMs: 120_000, wallStartMs: first.wallEndMs, sequence: 1 });
    expect(second.arms).toEqual([]);
  });

  it('counts the truth under the arm and segment of the answer, in the window in which it came', () => {
    const recorder = new Recorder(start);
    recorder.answered(answer({ segment: 3 }));
    expect(recorder.takeWindow(at(60), frame).arms[0]).not.toHaveProperty('feedback');
    for (const correct of [true, false, true]) recorder.judged({ ...stable, segment: 3, correct });
    const window = recorder.takeWindow(at(120), frame);
    expect(decodeWindow(Buffer.from(JSON.stringify(window)))).toEqual(window);
    expect(window.arms).toMatchObject([{ segment: 3, requests: 0, feedback: { correct: 2, wrong: 1 } }]);
  });

  it('keeps two manifests of one version apart', () => {
    const recorder = new Recorder(start);
    recorder.answered(answer());
    recorder.answered(answer({ manifest: '1'.repeat(64) }));
    const { arms } = recorder.takeWindow(at(60), frame);
    expect(arms.map(({ manifest, requests }) => [manifest, requests])).toEqual([
      ['0'.repeat(64), 1],
      ['1'.repeat(64), 1],
    ]);
  });

  it('counts answers, errors, deaths and time per arm', () => {
    const recorder = new Recorder(start);
    for (let i = 0; i < 10; i++) recorder.answered(answer());
    recorder.answered(answer({ invalid: true, reading: [{ classIndex: -1, confidence: Number.NaN }] }));
    recorder.failed({ ...stable, code: 'deadline' });
    recorder.failed({ ...stable, code: 'deadline' });
    recorder.failed({ ...stable, code: 'runner-died' });
    recorder.runnerDied(stable);
    const [arm] = recorder.takeWindow(at(60), frame).arms;
    expect(arm).toMatchObject({
      requests: 14,
      invalid: 1,
      errors: { deadline: 2, 'runner-died': 1 },
      runnerDeaths: 1,
      busyMs: 1,
      classes: [0, 0, 0, 10, 0, 0, 0, 0, 0, 0],
    });
    expect(arm?.confidence).toHaveLength(20);
    expect(arm?.confidence[19]).toBe(10);
    const compute = decodeHistogram(arm?.compute ?? '');
    expect([countOf(compute), compute.sum]).toEqual([11, 11 * 130]);
  });

  it('says what the governor left out at any time of the window, and no more once it is over', () => {
    const recorder = new Recorder(start);
    const shedIn = (seconds: number) => recorder.takeWindow(at(seconds), frame).shed;
    recorder.shed(['inputs']);
    recorder.shed(['inputs', 'shadow']);
    recorder.shed(['inputs']);
    expect(shedIn(60)).toEqual(['inputs', 'shadow']);
    expect(shedIn(120)).toEqual(['inputs']);
    recorder.shed([]);
    expect(shedIn(180)).toEqual(['inputs']);
    expect(shedIn(240)).toEqual([]);
  });

  it('adds up what shadows cost their runners', () => {
    const recorder = new Recorder(start);
    recorder.answered(answer());
    expect(recorder.shadowMicros).toBe(0);
    recorder.answered(answer({ arm: 'shadow', version: '1.1.0' }));
    expect(recorder.shadowMicros).toBe(130);
  });

  it('keeps arms, versions and segments apart', () => {
    const recorder = new Recorder(start);
    recorder.answered(answer());
    recorder.answered(answer({ arm: 'canary', version: '1.1.0', segment: 2 }));
    recorder.answered(answer({ arm: 'canary', version: '1.1.0', segment: 3 }));
    recorder.answered(answer({ model: 'vad', version: '5.0.0' }));
    const arms = recorder.takeWindow(at(60), frame).arms.map((a) => [a.model, a.arm, a.version, a.segment, a.requests]);
    expect(arms).toEqual([
      ['digits', 'stable', '1.0.0', 0, 1],
      ['digits', 'canary', '1.1.0', 2, 1],
      ['digits', 'canary', '1.1.0', 3, 1],
      ['vad', 'stable', '5.0.0', 0, 1],
    ]);
  });

  it('has no classes where the model has none, and one entry for each row where it has', () => {
    const recorder = new Recorder(start);
    recorder.answered(answer({ model: 'regression', classes: 0, reading: [] }));
    const rows = [
      { classIndex: 0, confidence: 0 },
      { classIndex: 1, confidence: 1 },
      { classIndex: 1, confidence: 0.05 },
    ];
    recorder.answered(answer({ classes: 2, reading: rows }));
    const [regression, classifier] = recorder.takeWindow(at(60), frame).arms;
    expect([regression?.classes, regression?.confidence]).toEqual([[], []]);
    expect(classifier?.classes).toEqual([1, 2]);
    expect(classifier?.confidence).toEqual([1, 1, ...Array.from({ length: 17 }, () => 0), 1]);
  });

  it('counts what was turned away by model and code, and puts names it cannot send under one', () => {
    const recorder = new Recorder(start);
    recorder.rejected('digits', 'queue-full');
    recorder.rejected('digits', 'queue-full');
    recorder.rejected('digits', 'invalid-input');
    for (let i = 0; i < 1000; i++) recorder.rejected(`made-up-${i}`, 'unknown-model');
    recorder.rejected('../../etc/passwd', 'unknown-model');
    recorder.rejected('__proto__', 'unknown-model');
    const window = recorder.takeWindow(at(60), frame);
    expect(window.rejected['digits']).toEqual({ 'queue-full': 2, 'invalid-input': 1 });
    expect(Object.keys(window.rejected).length).toBeLessThanOrEqual(65);
    const turnedAway = Object.values(window.rejected).flatMap((codes) => codes['unknown-model'] ?? 0);
    expect(turnedAway.reduce((sum, n) => sum + n, 0)).toBe(1002);
    expect(() => decodeWindow(Buffer.from(JSON.stringify(window)))).not.toThrow();
  });

  it('says so when there are more arms than a window holds', () => {
    const recorder = new Recorder(start);
    for (let segment = 0; segment < 300; segment++) recorder.answered(answer({ segment }));
    const full = recorder.takeWindow(at(60), frame);
    expect(full.arms).toHaveLength(256);
    expect(full.shed).toEqual(['arms']);
    expect(recorder.takeWindow(at(120), frame).shed).toEqual([]);
  });

  it('has feature counts in every tenth window, by arm, once the reference is there', () => {
    const recorder = new Recorder(start);
    const asked: string[] = [];
    recorder.features.askFor(({ manifest }) => void asked.push(manifest));
    const inputs = [
      { name: 'x', dtype: 'FP32', shape: [1, 1], data: new Uint8Array(new Float32Array([2]).buffer) },
    ] as const;
    recorder.answered(answer({ inputs }));
    recorder.answered(answer({ inputs }));
    expect(asked).toEqual([stable.manifest]);
    recorder.features.watch(stable.manifest, {
      reference: {
        samples: 1,
        features: ['x', 'hidden'].map((name) => ({ name, tensor: name, index: 0, edges: [1], counts: [1, 1] })),
      },
      tensors: [
        { name: 'x', dtype: 'FP32', shape: [-1, 1], role: 'app' },
        { name: 'hidden', dtype: 'FP32', shape: [-1, 1], role: 'features' },
      ],
    });
    const hidden = { name: 'hidden', dtype: 'FP32', shape: [1, 1], data: new Uint8Array(4) } as const;
    recorder.answered(answer({ inputs, features: [hidden] }));
    recorder.answered(answer({ inputs, features: [hidden], arm: 'canary' }));
    recorder.answered(answer({ inputs, arm: 'shadow' }));
    expect(recorder.takeWindow(at(60), { ...frame, sequence: 8 })).not.toHaveProperty('features');
    recorder.features.shed('inputs', true);
    recorder.answered(answer({ inputs }));
    const window = recorder.takeWindow(at(120), { ...frame, sequence: 9 });
    expect(decodeWindow(Buffer.from(JSON.stringify(window)))).toEqual(window);
    const { model, version, manifest } = stable;
    const counted = {
      model,
      version,
      manifest,
      sinceMs: 0,
      rows: 1,
      features: [
        [0, 1, 0],
        [1, 0, 0],
      ],
    };
    expect(window.features).toEqual([
      { ...counted, arm: 'stable' },
      { ...counted, arm: 'canary' },
    ]);
    expect(recorder.takeWindow(at(180), { ...frame, sequence: 19 })).not.toHaveProperty('features');
  });

  it('counts what the governor has not left out: inputs, features of outputs, or neither', () => {
    const recorder = new Recorder(start);
    const [x, hidden] = ['x', 'hidden'].map((name) => {
      return { name, dtype: 'FP32', shape: [1, 1], data: new Uint8Array(4) } as const;
    });
    const asked = answer({ inputs: x === undefined ? [] : [x], features: hidden === undefined ? [] : [hidden] });
    recorder.answered(asked);
    recorder.features.watch(stable.manifest, {
      reference: {
        samples: 1,
        features: ['x', 'hidden'].map((name) => ({ name, tensor: name, index: 0, edges: [1], counts: [1, 1] })),
      },
      tensors: [
        { name: 'x', dtype: 'FP32', shape: [-1, 1], role: 'app' },
        { name: 'hidden', dtype: 'FP32', shape: [-1, 1], role: 'features' },
      ],
    });
    const counted = (sequence: number) => {
      recorder.answered(asked);
      const { features = [] } = recorder.takeWindow(at(60 + sequence), { ...frame, sequence });
      return features.map((each) => each.features);
    };
    const seen = [1, 0, 0];
    expect(counted(9)).toEqual([[seen, seen]]);
    recorder.features.shed('inputs', true);
    expect(counted(19)).toEqual([[[], seen]]);
    recorder.features.shed('inputs', false);
    recorder.features.shed('features', true);
    expect(counted(29)).toEqual([[seen, []]]);
    recorder.features.shed('inputs', true);
    expect(counted(39)).toEqual([]);
  });
});
