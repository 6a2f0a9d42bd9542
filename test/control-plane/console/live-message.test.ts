import { describe, expect, it } from 'vitest';
import { readLiveMessage } from '@bellwether/control-plane/console/live-message';
import { overview } from '../../support/operator-views.js';

describe('a message of the live feed', () => {
  it('is read by its name', () => {
    const payload = overview();
    expect(readLiveMessage('overview', JSON.stringify(payload))).toEqual({ name: 'overview', payload });
  });

  it.each(['message', 'toString', '__proto__'])('is passed over when its name is %s', (name) => {
    expect(readLiveMessage(name, '{}')).toBeUndefined();
  });
});
