import { describe, expect, it } from 'vitest';
import { printable, printableJson, printableLines } from '@bellwether/shared/printable';

const hostile = 'a\u001b[2Jb\u009b31m\u202ec\u2028d\u{e0001}e\u007f\nü 界';

describe('others’ text on a terminal', () => {
  it('has no character that commands it', () => {
    expect(printable(hostile)).toBe('a�[2Jb�31m�c�d�e��ü 界');
  });

  it('keeps its lines where they are ours', () => {
    expect(printableLines('a\nb\u001b')).toBe('a\nb�');
  });

  it('as JSON says the same without one', () => {
    const text = printableJson({ hostile }, 2);
    expect(JSON.parse(text)).toEqual({ hostile });
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/u);
  });
});
