import { describe, expect, it } from 'vitest';
import { devicesOf, fieldOf, requestOf } from '@bellwether/control-plane/console/rollout-request';

function formOf(values: Readonly<Record<string, string>>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(values)) form.set(name, value);
  return form;
}

describe('what is asked of the server', () => {
  it('is the release, the target and the policy that were filled in', () => {
    expect(requestOf(formOf({ release: 'digits@1.1.0', to: ' all ' }), 'fast')).toEqual({
      release: 'digits@1.1.0',
      to: { all: true },
      policy: 'fast',
    });
    const own = { version: 2 };
    const form = formOf({ release: 'digits@1.1.0', to: 'site=a, hardware=rpi4', supersede: 'on' });
    expect(requestOf(form, own)).toEqual({
      release: 'digits@1.1.0',
      to: { labels: { site: 'a', hardware: 'rpi4' } },
      policy: own,
      supersede: true,
    });
  });

  it('is never everybody because a label was written wrongly', () => {
    expect(requestOf(formOf({ release: 'digits@1.1.0', to: 'al' }), 'direct').to).toEqual({ labels: { al: '' } });
  });
});

describe('a refusal', () => {
  it.each([
    ['release-not-approved', 'digits@1.1.0 is not approved', 'release'],
    ['rollout-overlaps', 'r2 brings digits@1.1.0', 'supersede'],
    ['policy-impossible', 'step 2: the share shrinks', 'policy'],
    ['no-stable', 'none of 3 devices can compare', 'policy'],
    ['body-invalid', 'body at /policy/steps/0/cohort/percent: must be <= 100', 'policy'],
    ['body-invalid', 'body at /to/labels/al: must match pattern', 'to'],
    ['body-invalid', 'body: unknown field relese', null],
    ['network', 'The server cannot be reached.', null],
  ])('%s is shown where %s is put right', (code, message, field) => {
    expect(fieldOf({ code, message })).toBe(field);
  });
});

describe('a target', () => {
  const fleet = [{ site: 'a', hardware: 'rpi4' }, { site: 'a' }, {}];

  it.each([
    ['all', 3],
    ['site=a', 2],
    ['site=a,hardware=rpi4', 1],
    ['site=b', 0],
    ['', 0],
    ['site', 0],
  ])('%s names %d devices of three', (to, count) => {
    expect(devicesOf(to, fleet)).toBe(count);
  });
});
