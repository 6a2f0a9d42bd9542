import * as fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { judge } from '@bellwether/control-plane/rollouts/verdict/judge';
import { Verdict } from '@bellwether/control-plane/rollouts/verdict/verdict';
import { Compile } from '@bellwether/shared/schema';
import { anyFleet, arms, device, devices, look, segment } from '../../../support/fleet-evidence.js';

const compiled = Compile(Verdict);
const enough = segment({ calls: arms(19_000, 1000) });
const errors = (stable: number, canary: number, calls = arms(19_000, 1000)) =>
  segment({ calls, cells: { error: arms(stable, canary), invalid: arms(0, 0), death: arms(0, 0) } });
const codes = (verdict: Verdict) => verdict.reasons.map(({ code }) => code);

describe('a verdict', () => {
  it('fails on errors of the canary only, and says how many', () => {
    const verdict = judge(look(devices(5, [errors(10, 6)])));
    expect(verdict.value).toBe('fail');
    const [reason] = verdict.reasons;
    expect(reason).toMatchObject({ code: 'harm', cell: 'error' });
    expect(reason?.text).toMatch(/^canary only: errors: 30 of 5000 \(0\.60 %\) of the canary’s, 50 of 95000 .* ≥ 100$/);
    expect(reason?.numbers).toMatchObject({ canaryBad: 30, canaryCalls: 5000, stableBad: 50, stableCalls: 95_000 });
  });

  it('passes a clean step', () => {
    const verdict = judge(look(devices(5, [enough])));
    expect(verdict).toMatchObject({ value: 'pass', passedStrata: [''], drop: [] });
    expect(codes(verdict)).toEqual(['enough']);
  });

  it('goes on gathering until there is enough, and says what is missing', () => {
    expect(codes(judge(look(devices(5, []))))).toEqual(['no-evidence']);
    const some = judge(look(devices(5, [segment({ calls: arms(1900, 100) })])));
    expect(some.value).toBe('inconclusive');
    expect(some.reasons[0]?.text).toMatch(/^errors: \d+ % of the evidence that a pass needs$/);
    expect(judge(look(devices(5, [enough]), { minCalls: 5000 })).value).toBe('pass');
    expect(judge(look(devices(5, [enough]), { minCalls: 5001 })).reasons[0]?.text).toBe(
      '5000 calls of the canary of at least 5001',
    );
  });

  it('is the same whatever the order of devices and segments', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const turned = fleet.toReversed().map((each) => ({ ...each, segments: each.segments.toReversed() }));
        const strata = { strata: ['jetson', 'pi'] };
        const { logHarm, reasons, ...rest } = judge(look(fleet, strata));
        const other = judge(look(turned, strata));
        expect(other).toMatchObject(rest);
        expect(other.logHarm).toBeCloseTo(logHarm, 9);
        expect(other.reasons.map(({ text }) => text)).toEqual(reasons.map(({ text }) => text));
      }),
    );
  });

  it('fits its schema, whatever was counted', () => {
    fc.assert(
      fc.property(anyFleet, (fleet) => {
        const verdict = judge(look(fleet, { strata: ['jetson', 'pi'] }));
        expect([...compiled.Errors(JSON.parse(JSON.stringify(verdict)))]).toEqual([]);
      }),
    );
  });

  it('needs harm of the whole rollout, and a pass of the step alone', () => {
    const before = devices(5, [errors(10, 6)]);
    expect(judge(look(devices(5, [enough]), { devices: before })).value).toBe('fail');
    expect(judge(look(devices(5, [segment()]), { devices: devices(5, [enough]) })).value).toBe('inconclusive');
  });
});

describe('a device without calls', () => {
  const idle = (name: string, stratum = '') => ({ ...device(name, [], stratum), isIdle: true });

  it('is no evidence and no obstacle, and is spoken of', () => {
    const verdict = judge(look([...devices(2, [enough]), idle('x'), idle('y'), idle('z'), idle('zz')]));
    expect(codes(verdict)).toEqual(['enough', 'idle']);
    expect(verdict.reasons[1]).toMatchObject({ stratum: '', numbers: { idle: 4, devices: 6 } });
    expect(verdict.reasons[1]?.text).toBe(
      'idle: x, y, z and 1 more had no call for five minutes; 2 of 6 devices decide without waiting for more',
    );
  });

  it('keeps a single other one from deciding for all, and the verdict says so', () => {
    const verdict = judge(look([device('a', [enough]), idle('x')]));
    expect(codes(verdict)).toEqual(['gathering', 'gathering', 'gathering', 'idle']);
    expect(verdict.reasons.at(-1)?.text).toContain('too few others have any');
  });

  it('does not let its stratum pass unheard', () => {
    const verdict = judge(look([...devices(5, [enough], 'pi'), idle('x', 'jetson'), idle('y', 'jetson')]));
    expect(verdict).toMatchObject({ value: 'inconclusive', passedStrata: ['pi'] });
  });

  it('is not spoken of when the release is taken back', () => {
    expect(codes(judge(look([...devices(5, [errors(10, 6)]), idle('x')])))).toEqual(['harm']);
  });
});

describe('an outage', () => {
  it('of both arms takes nothing back, and is said beside', () => {
    const verdict = judge(look(devices(5, [errors(9500, 500)])));
    expect(verdict).toMatchObject({ value: 'inconclusive', passedStrata: [] });
    expect(codes(verdict)).toEqual(['both-arms']);
    expect(verdict.reasons[0]?.text).toMatch(/^both arms: errors: 2500 of 5000 .* of the canary’s, 47500 of 95000/);
  });

  it('is no outage when stable usually errs a little: it is said beside, and a pass is a pass', () => {
    const verdict = judge(look(devices(5, [errors(380, 20)])));
    expect(verdict.value).toBe('pass');
    expect(codes(verdict)).toEqual(['enough', 'both-arms']);
  });

  it('that is over is not spoken of any more', () => {
    const over = [errors(9500, 500), { ...enough, epoch: 2 }];
    expect(codes(judge(look(devices(5, over))))).not.toContain('both-arms');
  });

  it('does not hide what the canary does beside it', () => {
    expect(judge(look(devices(5, [errors(1900, 300)]))).value).toBe('fail');
  });
});

describe('one device', () => {
  it('that alone decides is dropped, and nothing fails', () => {
    const verdict = judge(look([...devices(9, [enough]), device('liar', [errors(0, 200)])]));
    expect(verdict).toMatchObject({ value: 'inconclusive', drop: ['liar'] });
    expect(verdict.reasons[0]).toMatchObject({ code: 'single-device', device: 'liar', cell: 'error' });
    expect(verdict.reasons[0]?.text).toContain('liar alone decides');
  });

  it('that speaks before all others does not decide either', () => {
    const verdict = judge(look([device('liar', [errors(0, 200)]), device('b', []), device('c', [])]));
    expect(verdict).toMatchObject({ value: 'inconclusive', drop: ['liar'] });
  });

  it('does not shield a release that is bad on the others too', () => {
    const verdict = judge(look([...devices(9, [errors(10, 6)]), device('liar', [errors(0, 200)])]));
    expect(verdict.value).toBe('fail');
  });

  it('decides where there are but two', () => {
    expect(judge(look([device('a', [enough]), device('b', [errors(0, 200)])])).value).toBe('fail');
  });
});

describe('what could not be measured', () => {
  it('is an error beyond its limit, and never a fail', () => {
    const unmeasured = (count: number) => Array.from({ length: count }, (_, i) => `u${i}`);
    expect(judge(look(devices(8, [enough]), { unmeasured: unmeasured(2) })).value).toBe('pass');
    const verdict = judge(look(devices(8, [enough]), { unmeasured: unmeasured(3) }));
    expect(verdict.value).toBe('error');
    expect(verdict.reasons[0]).toMatchObject({ code: 'not-measured', numbers: { unmeasured: 3, devices: 11 } });
    expect(judge(look([], { unmeasured: ['a'] })).value).toBe('error');
  });

  it('is what a device says that counts more bad calls than calls: neither for nor against the canary', () => {
    const wrong = [
      errors(0, 21, arms(400, 20)),
      { ...errors(0, 0), mode: 'shadow' as const, calls: arms(20, 20), both: { error: 21 } },
      { ...errors(0, 0), cells: { error: arms(0, 0), wrong: arms(1, 0) } },
      { ...errors(0, 0), calls: arms(20, 20), cells: { error: arms(0, 0), slow50: arms(21, 0) } },
    ];
    for (const each of wrong) {
      const verdict = judge(look([device('a', [enough]), device('liar', [each])]));
      expect(verdict).toMatchObject({ value: 'error', reasons: [{ code: 'not-measured' }] });
      expect(judge(look([...devices(5, [enough]), device('liar', [each])])).value).toBe('pass');
    }
    const deaths = segment({ calls: arms(20, 20), cells: { error: arms(0, 0), death: arms(21, 21) } });
    expect(judge(look(devices(5, [deaths]))).value).toBe('inconclusive');
  });

  it('does not keep harm from being seen on the others', () => {
    expect(judge(look(devices(5, [errors(10, 6)]), { unmeasured: ['a', 'b', 'c', 'd'] })).value).toBe('fail');
  });
});

describe('what holds a step for a person', () => {
  const shifted = { share: 0.05, stable: [9500, 9500], canary: [900, 100] };
  const alike = { share: 0.05, stable: [9500, 9500], canary: [500, 500] };

  it('is another distribution of the answers, unless the release says that it is meant', () => {
    const held = judge(look(devices(5, [enough]), { outputs: { classes: [shifted], confidence: [] } }));
    expect(held.value).toBe('inconclusive');
    expect(codes(held)).toEqual(['output-shift']);
    expect(judge(look(devices(5, [enough]), { outputs: { classes: [alike], confidence: [alike] } })).value).toBe(
      'pass',
    );
    // `outputNeutral`: whoever asks leaves the counts out.
    expect(judge(look(devices(5, [enough]))).value).toBe('pass');
  });

  it('never is a fail, however far the answers are apart', () => {
    const opposite = { share: 0.5, stable: [1e6, 0], canary: [0, 1e6] };
    expect(judge(look(devices(5, [enough]), { outputs: { classes: [opposite], confidence: [opposite] } })).value).toBe(
      'inconclusive',
    );
  });

  it('is a canary that is in stable’s way: on that device it is switched off', () => {
    const slowed = segment({ calls: arms(1900, 1000), cells: { error: arms(0, 0), slow90: arms(600, 200) } });
    const calm = segment({ calls: arms(19_000, 1000), cells: { error: arms(0, 0), slow90: arms(1900, 70) } });
    const fleet = [...devices(5, [calm]), device('tight', [slowed])];
    const verdict = judge(look(fleet));
    expect(verdict).toMatchObject({ value: 'inconclusive', drop: ['tight'] });
    expect(verdict.reasons[0]).toMatchObject({ code: 'interference', device: 'tight' });
  });
});

describe('strata', () => {
  it('that pass are named while others wait', () => {
    const fleet = [
      ...devices(5, [enough], 'pi'),
      device('j1', [segment()], 'jetson'),
      device('j2', [segment()], 'jetson'),
    ];
    expect(judge(look(fleet))).toMatchObject({ value: 'inconclusive', passedStrata: ['pi'] });
  });

  it('are judged each: one kind of hardware on which the release is bad takes it back', () => {
    const pi = devices(20, [errors(190, 10)], 'pi');
    const jetson = ['x', 'y', 'z'].map((name) => device(name, [errors(190, 30)], 'jetson'));
    const verdict = judge(look([...pi, ...jetson]));
    expect(verdict.value).toBe('fail');
    expect(verdict.reasons[0]).toMatchObject({ code: 'harm', stratum: 'jetson' });
  });
});
