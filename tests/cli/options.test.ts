import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { secondsRange } from '../../client/cli/app.ts';
import { byteCount, commaList, jsonObject, parameters, secondsFrom, wholeNumber } from '../../client/cli/options.ts';
import { bytes, seconds, table } from '../../client/cli/style.ts';

test('sizes are read in decimal and binary units', () => {
  const sizes = ['2048', '10MB', '10 mb', '1.5k', '512KiB', '1GiB', '3B'].map(byteCount);
  expect(sizes).toEqual([2048, 10e6, 10e6, 1500, 524_288, 1_073_741_824, 3]);
  for (const wrong of ['', 'MB', '-1', '10 pounds', '1e6', '10MB!']) expect(() => byteCount(wrong)).toThrow('10MB');
});

test('numbers outside their range are refused', () => {
  expect(wholeNumber(-100, 100)('-5')).toBe(-5);
  for (const wrong of ['', '1.5', '101', 'x', '0x10', '1e1'])
    expect(() => wholeNumber(-100, 100)(wrong)).toThrow('-100 to 100');
  expect(secondsFrom(0)('0.5')).toBe(0.5);
  for (const wrong of ['', '-1', 'NaN', 'Infinity', '86401']) expect(() => secondsFrom(0)(wrong)).toThrow('seconds');
});

test('lists are split at commas and add up', () => {
  expect(commaList('a, b,', commaList('c'))).toEqual(['c', 'a', 'b']);
});

test('parameters are pairs, an object, or a file with one, and add up', async () => {
  const directory = await mkdtemp(join(tmpdir(), 'spacedock-test-'));
  const file = join(directory, 'parameters.json');
  await writeFile(file, '{"c":[1]}');
  const all = ['steps=3', 'name=a=b', 'on=true', 'text={x', '{"a":{"b":1}}', file].reduce<
    ReturnType<typeof parameters>
  >((sum, text) => parameters(text, sum), {});
  expect(all).toEqual({ steps: 3, name: 'a=b', on: true, text: '{x', a: { b: 1 }, c: [1] });
  await writeFile(file, '[1]');
  expect(() => parameters(file)).toThrow('JSON object');
  expect(() => jsonObject(join(directory, 'none.json'))).toThrow('none.json');
  expect(() => jsonObject('{"a":')).toThrow('not JSON');
  await rm(directory, { recursive: true });
});

test('a range of seconds is one number or two', () => {
  expect(secondsRange('3')).toEqual({ least: 3, most: 3 });
  expect(secondsRange('0.5-2')).toEqual({ least: 0.5, most: 2 });
  for (const wrong of ['', 'x', '-1', '5-2', '1-2-3', '9999']) expect(() => secondsRange(wrong)).toThrow('2-10');
});

test('sizes and times are said as people say them', () => {
  expect([0, 999, 1500, 10e6, 26_214_400, 3e12].map(bytes)).toEqual([
    '0 B',
    '999 B',
    '1.5 kB',
    '10 MB',
    '26 MB',
    '3 TB',
  ]);
  expect([0, 0.44, 9.96, 12.4, 59.6, 185, 7800].map(seconds)).toEqual([
    '0 s',
    '0.4 s',
    '10 s',
    '12 s',
    '1 min',
    '3 min 5 s',
    '2 h 10 min',
  ]);
});

test('a table has aligned columns and nothing that controls a terminal', () => {
  expect(
    table(
      ['ID', 'TITLE'],
      [
        ['ocr', 'Read\u001b[31m images'],
        ['long-id', ''],
      ],
    ),
  ).toBe('ID       TITLE\nocr      Read images\nlong-id');
});
