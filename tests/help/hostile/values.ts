import type { Random } from '../random.ts';

/** Texts that somebody once tripped over. None has a word in it that an answer must not have. */
const TEXTS: readonly string[] = [
  '',
  ' ',
  '\u0000',
  'x\u0000y',
  '\ud800',
  'a\udc00b',
  '\ufeff',
  '\u202egnp.exe',
  '\u2028\u2029',
  '👩‍👩‍👧‍👦'.repeat(20),
  'Ｒｏｏｔ',
  'ﷺ'.repeat(2000),
  'İ'.repeat(100),
  'ß',
  '__proto__',
  'constructor',
  'prototype',
  'toString',
  'hasOwnProperty',
  'then',
  'null',
  'undefined',
  'NaN',
  'true',
  '-0',
  '1e999',
  '0x10',
  '9007199254740993',
  '../../../../etc/passwd',
  '..\\..\\x',
  '%00',
  '%ff%fe',
  '%2e%2e%2f',
  '{{7*7}}',
  '$(7)',
  "' OR 1=1 --",
  '"; DROP TABLE jobs; --',
  '*',
  '{t:1}',
  '{a}b{c}',
  'a.b',
  '.',
  '..',
  'x.0192f0c1-2345-7000-8000-000000000000',
  '\r\nx-injected: 1',
  '<script>alert(1)</script>',
  'data:text/html,x',
  '2026-13-45T99:99:99Z',
  '+275760-09-13T00:00:00.001Z',
  '(a+)+$',
  'tok_x',
  'sdt_x_y',
];

const NUMBERS: readonly number[] = [
  0,
  -0,
  -1,
  1.5,
  2 ** 31,
  -(2 ** 31) - 1,
  2 ** 53,
  -(2 ** 53),
  1e308,
  -1e308,
  5e-324,
  Number.NaN,
  Number.POSITIVE_INFINITY,
];

export interface Values {
  text(): string;
  /** Of so many characters at most. */
  bytes(most: number): Buffer;
  /** As JSON may have it; what no JSON has (NaN) becomes null in it. */
  value(): unknown;
}

const nested = (levels: number, wrap: (inner: unknown) => unknown): unknown => {
  let value: unknown = 1;
  for (let level = 0; level < levels; level++) value = wrap(value);
  return value;
};

/** JSON.parse makes `__proto__` a property of the object itself. */
const polluting = (): unknown =>
  JSON.parse(
    '{"__proto__":{"polluted":1,"isAdmin":true},"constructor":{"prototype":{"polluted":1}},"toString":1,"then":"x","length":-1}',
  );

/** Values that nobody asked for: of other types, too large, too deep, with keys that mean something to JavaScript. */
export function hostileValues(random: Random): Values {
  const { pick, integer, next } = random;

  function text(): string {
    if (next() < 0.003) return pick(['x', 'é', '\ud83d', 'ﷺ', '"']).repeat(integer(100_000, 1_000_000));
    if (next() < 0.1) return pick(['x', 'é', '💥']).repeat(integer(60, 5000));
    return pick(TEXTS);
  }

  function value(): unknown {
    switch (integer(0, 13)) {
      case 0:
        return null;
      case 1:
        return next() < 0.5;
      case 2:
      case 3:
        return pick(NUMBERS);
      case 4:
        return [];
      case 5:
        return {};
      case 6:
        return [[[text()]], null, 1];
      case 7:
        return polluting();
      case 8:
        return nested(pick([10, 70, 500, 5000]), (inner) => [inner]);
      case 9:
        return nested(pick([10, 70, 500, 5000]), (inner) => ({ a: inner }));
      case 10:
        return { [pick(['stream', 'then', 'toJSON', 'valueOf', 'arrayBuffer', 'name'])]: text() };
      case 11:
        return Array.from({ length: pick([10, 1000]) }, () => pick(TEXTS));
      default:
        return text();
    }
  }

  return {
    text,
    value,
    bytes: (most) => Buffer.from(Array.from({ length: integer(0, most) }, () => integer(0, 255))),
  };
}
