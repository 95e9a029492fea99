import { expect, test } from 'vitest';
import { createLineFilter } from '../../client/cli/line-filter.ts';
import { isMeant, mayBeMeant } from '../../client/cli/program-output.ts';

/** What is passed on piece by piece, and the lines that are taken out. */
function filter(...pieces: string[]) {
  const passed: string[] = [];
  const taken: string[] = [];
  const lines = createLineFilter({
    maybe: mayBeMeant,
    take(line) {
      if (!isMeant(line)) return false;
      taken.push(line);
      return true;
    },
    onText: (text) => passed.push(text),
    maxChars: 100,
  });
  pieces.forEach(lines.push);
  lines.end();
  return { passed, taken };
}

test('words pass at once, before their line ends', () => {
  expect(filter('Once ', 'upon', ' a time\n').passed).toEqual(['Once ', 'upon', ' a time\n']);
});

test('progress and JSON lines are taken out, however they are cut', () => {
  const text = 'a\n::progress 0.5 half way\nb\r\n{"c":1}\r\n::progress 1\r\nd';
  for (let size = 1; size <= text.length; size++) {
    const pieces = text.match(new RegExp(`[^]{1,${size}}`, 'g')) ?? [];
    const { passed, taken } = filter(...pieces);
    expect(passed.join('')).toBe('a\nb\r\nd');
    expect(taken).toEqual(['::progress 0.5 half way', '{"c":1}', '::progress 1']);
  }
});

test('what only looks like one passes when its line is whole, or too long, or the last', () => {
  expect(filter('::prog', 'ress soon\n').passed).toEqual(['::progress soon\n']);
  expect(filter('{\n', '  "a": 1\n', '}\n').passed.join('')).toBe('{\n  "a": 1\n}\n');
  expect(filter(`[${'x'.repeat(120)}`, 'y').passed).toEqual([`[${'x'.repeat(120)}`, 'y']);
  expect(filter('::progress 0.').taken).toEqual(['::progress 0.']);
  expect(filter('{"a":').passed).toEqual(['{"a":']);
});

test('in the middle of a line nothing is progress', () => {
  expect(filter('so ', '::progress 0.5\n')).toEqual({ passed: ['so ', '::progress 0.5\n'], taken: [] });
});

test('a bar that is drawn over itself passes as it is, and a line of progress behind it does not', () => {
  expect(filter('10 %\r20 %\r', '::progress 0.2\n')).toEqual({ passed: ['10 %\r20 %\r'], taken: ['::progress 0.2'] });
});
