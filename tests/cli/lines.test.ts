import { expect, test } from 'vitest';
import { createLineSplitter } from '../../client/cli/lines.ts';

function split(chunks: string[], maxChars = 100) {
  const lines: [string, boolean][] = [];
  const splitter = createLineSplitter((line, cut) => lines.push([line, cut]), maxChars);
  for (const chunk of chunks) splitter.push(chunk);
  splitter.end();
  return lines;
}

test('lines end at \\n, \\r\\n and \\r, wherever the chunks are cut', () => {
  const text = 'one\ntwo\r\nthree\rfour\n\nlast';
  const expected = ['one', 'two', 'three', 'four', '', 'last'].map((line) => [line, false]);
  expect(split([text])).toEqual(expected);
  expect(split([...text])).toEqual(expected);
  for (let cut = 1; cut < text.length; cut += 1) expect(split([text.slice(0, cut), text.slice(cut)])).toEqual(expected);
});

test('a line that is too long is cut once, says so, and the next one is whole', () => {
  const expected = [
    ['aaaaa', true],
    ['bb', false],
  ];
  expect(split(['aaaaaaaaa\nbb\n'], 5)).toEqual(expected);
  expect(split(['aaa', 'aaa', 'aaa', '\nbb'], 5)).toEqual(expected);
  expect(split([...'aaaaaaaaa\nbb'], 5)).toEqual(expected);
});

test('a long line without an end is kept only as far as the limit', () => {
  expect(
    split(
      Array.from({ length: 1000 }, () => 'x'.repeat(100)),
      10,
    ),
  ).toEqual([['xxxxxxxxxx', true]]);
});

test('an empty stream has no lines', () => {
  expect(split([])).toEqual([]);
  expect(split(['\n'])).toEqual([['', false]]);
});
