import { describe, expect, it } from 'vitest';
import { serveDefaults, serveSettings } from '@bellwether/control-plane/config';

describe('the settings of serve', () => {
  it('are the defaults where nothing is said', () => {
    expect(serveSettings({})).toEqual(serveDefaults);
    expect(serveSettings({ httpPort: undefined, mqttPort: 0 })).toEqual({ ...serveDefaults, mqttPort: 0 });
  });

  it.each([{ httpPort: -1 }, { mqttPort: 65_536 }, { httpPort: 80.5 }, { windowDays: 0 }, { host: '' }, { data: '' }])(
    'are refused out of their bounds: %j',
    (given) => {
      expect(() => serveSettings(given)).toThrow(expect.objectContaining({ code: 'config-invalid' }));
    },
  );
});
