import { describe, expect, it } from 'vitest';
import { labelsOf } from '@bellwether/control-plane/console/form-values';

describe('labels that were typed', () => {
  it('are read with blanks around them, or none at all', () => {
    expect(labelsOf(' site=barn , hardware=rpi4')).toEqual({ site: 'barn', hardware: 'rpi4' });
    expect(labelsOf('  ')).toEqual({});
  });

  it.each(['site', 'site=barn,', '=barn'])(
    '"%s" loses nothing in silence: the server refuses what is empty',
    (text) => {
      expect(Object.entries(labelsOf(text)).flat()).toContain('');
    },
  );
});
