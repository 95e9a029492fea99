import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { fileName } from '../../src/domain/file-name.ts';

/** Names out of what people try. */
const hostile = fc
  .array(
    fc.oneof(
      fc.constantFrom(
        ...[
          '..',
          '.',
          '/',
          '\\',
          '\0',
          '\r\n',
          '%2f',
          '%00',
          '~',
          'C:',
          '\\\\?\\',
          '://',
          ' ',
          '$',
          '`',
          ';',
          '"',
          "'",
        ],
        ...[
          'con',
          'NUL',
          'com1',
          'LPT¹',
          'aux',
          'CONIN$',
          '.txt',
          '.exe',
          '<script>',
          '\u202e',
          '\u2066',
          '\u200f',
          '\ufeff',
        ],
        ...['\ud800', '\udc00', '😀', 'é', 'e\u0301', '日本', 'x'.repeat(300), '\u2028', '\u0085', '\u007f'],
      ),
      fc.string({ unit: 'binary' }),
    ),
    { maxLength: 12 },
  )
  .map((parts) => parts.join(''));

describe('a name', () => {
  test('of whatever kind ends as one part of a path, that looks like what it is', () => {
    fc.assert(
      fc.property(hostile, (given) => {
        const name = fileName(given);
        expect(name.length).toBeGreaterThan(0);
        expect(name.length).toBeLessThanOrEqual(255);
        expect(name).not.toMatch(/[/\\\p{Cc}\p{Bidi_Control}\u2028\u2029]/u);
        expect(name.isWellFormed()).toBe(true);
        expect(name).not.toMatch(/^\s|[.\s]$/);
        expect(name).not.toMatch(/^(con|prn|aux|nul|(com|lpt)[0-9¹²³])(\.|$)/i);
        expect(fileName(name)).toBe(name);
      }),
      { numRuns: 5000 },
    );
  });

  test.each<[string, string]>([
    ['report.pdf', 'report.pdf'],
    ['.gitignore', '.gitignore'],
    ['a b (1).txt', 'a b (1).txt'],
    ['/etc/passwd', 'passwd'],
    ['..\\..\\system.ini', 'system.ini'],
    ['...', 'file'],
    ['', 'file'],
    ['\u202egnp.exe', 'gnp.exe'],
    ['photo\u202egpj.exe', 'photogpj.exe'],
    ['evil.exe. . ', 'evil.exe'],
    ['nul\0.txt', '_nul.txt'],
    ['CON', '_CON'],
    ['com1.tar.gz', '_com1.tar.gz'],
    ['Lpt³ .txt', '_Lpt³ .txt'],
    ['console.log', 'console.log'],
    [`aux.${'x'.repeat(251)}`, `_ux.${'x'.repeat(251)}`],
    ['👩\u200d🔬.png', '👩\u200d🔬.png'],
  ])('%j is kept as %j', (given, kept) => {
    expect(fileName(given)).toBe(kept);
  });
});
