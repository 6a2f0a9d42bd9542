import { describe, expect, it } from 'vitest';
import { formatAgo } from '@bellwether/control-plane/console/format';

describe('x', () => {
  it('y', () => {
    expect(formatAgo(null, 0)).toBe('never');
  });
});
