import { describe, expect, it } from 'vitest';
import { fields, table } from '@bellwether/control-plane/cli/table';

describe('a table', () => {
  it('has columns as wide as their widest cell, numbers to the right, nothing at the ends of lines', () => {
    const text = table(
      ['device', 'req/s', 'labels'],
      [
        ['kitchen', '9.5', 'site=a'],
        ['hall', '120.0', ''],
      ],
    );
    expect(text.split('\n')).toEqual(['DEVICE   REQ/S  LABELS', 'kitchen    9.5  site=a', 'hall     120.0']);
  });

  it('lets no cell command the terminal', () => {
    expect(table(['name'], [['\u001b[2Jgone\r\n\u202Eerom']])).toBe('NAME\n�[2Jgone���erom');
    expect(fields([['name', '\u0007bell']])).toBe('name  �bell');
  });
});
