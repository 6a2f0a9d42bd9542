import { expect, it } from 'vitest';
import { expiringFiles } from '@bellwether/control-plane/catalog/expiring';
import { firstTrust } from '../../support/first-trust.js';

const day = 24 * 60 * 60 * 1000;

it('a file is named from the day on which a third of its life is left', () => {
  const { base } = firstTrust();
  const state = {
    ...base,
    snapshot: { version: 1, expiresMs: base.nowMs + 7 * day },
    timestamp: { version: 1, expiresMs: base.nowMs + day },
  };
  const after = (days: number) => expiringFiles(state, base.nowMs + days * day).map(({ role }) => role);
  expect(after(0.5)).toEqual([]);
  expect(after(0.7)).toEqual(['timestamp']);
  expect(after(119)).toEqual(['timestamp', 'snapshot']);
  expect(after(121)).toEqual(['timestamp', 'snapshot', 'staging-digits', 'production-digits']);
  expect(after(244)).toEqual(['timestamp', 'snapshot', 'staging-digits', 'production-digits', 'root', 'targets']);
});
