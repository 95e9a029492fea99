import { expect, test } from 'vitest';
import { countEach, createStages } from '../../client/sdk/stages.ts';

type Told = [stage: string, progress: number, message?: string];

function setUp<N extends string>(weights: Record<N, number>) {
  const told: Told[] = [];
  const stopping = new AbortController();
  const stages = createStages(weights, {
    signal: stopping.signal,
    report: (stage, progress, message) =>
      told.push(message === undefined ? [stage, progress] : [stage, progress, message]),
  });
  return { stages, told, stopping };
}

test('stages make up the whole by their weights', async () => {
  const { stages, told } = setUp({ download: 1, render: 7, upload: 2 });
  await stages.run('download', () => {});
  const result = await stages.run('render', async ({ report }) => {
    report(0.5, 'frame 50');
    report(2);
    return 'rendered';
  });
  expect(result).toBe('rendered');
  await stages.run('upload', ({ report }) => report(-1));
  expect(told).toEqual([
    ['download', 0],
    ['download', 0.1],
    ['render', 0.1],
    ['render', 0.45, 'frame 50'],
    ['render', 0.8],
    ['render', 0.8],
    ['upload', 0.8],
    ['upload', 0.8],
    ['upload', 1],
  ]);
});

test('a stage that fails does not say that it is done', async () => {
  const { stages, told } = setUp({ one: 1, two: 1 });
  const failing = stages.run('one', () => {
    throw new Error('broken');
  });
  await expect(failing).rejects.toThrow('broken');
  expect(told).toEqual([['one', 0]]);
});

test('wrong weights, names and numbers are named', async () => {
  expect(() => setUp({ good: 1, bad: 0 })).toThrow('"bad" must be a number above 0, not 0');
  expect(() => setUp({ bad: Number.NaN })).toThrow(TypeError);
  const { stages } = setUp({ one: 1, two: 1 });
  await expect(stages.run('three' as 'one', () => {})).rejects.toThrow('There is no stage "three"; there are one, two');
  await expect(stages.run('one', ({ report }) => report(Number.NaN))).rejects.toThrow(/progress .* NaN/);
});

test('a stage counts its items within its part', async () => {
  const { stages, told } = setUp({ one: 1, two: 3 });
  await stages.run('two', async ({ each }) => {
    for await (const _ of each(['a', 'b', 'c']));
  });
  expect(told.map(([, progress, message]) => [progress, message])).toEqual([
    [0.25, undefined],
    [0.25, '0 of 3'],
    [0.5, '1 of 3'],
    [0.75, '2 of 3'],
    [1, '3 of 3'],
    [1, undefined],
  ]);
});

async function* slowly<T>(...items: T[]): AsyncGenerator<T> {
  for (const item of items) yield item;
}

test.each([
  ['an array', ['a', 'b'], undefined, ['0 of 2', '1 of 2', '2 of 2']],
  ['a set', new Set(['a', 'b']), undefined, ['0 of 2', '1 of 2', '2 of 2']],
  ['an async iterable', slowly('a', 'b'), 4, ['0 of 4', '1 of 4', '2 of 4']],
  ['items nobody counted', slowly('a', 'b'), undefined, ['0', '1', '2']],
  ['nothing', [], undefined, ['0 of 0']],
])(
  'of %s every item is given on and counted',
  async (_, items: Iterable<string> | AsyncIterable<string>, total, messages) => {
    const told: string[] = [];
    const given: string[] = [];
    const { signal } = new AbortController();
    for await (const item of countEach(items, { signal, total, report: (_, message) => told.push(message) }))
      given.push(item);
    expect(given).toEqual(messages.length === 1 ? [] : ['a', 'b']);
    expect(told).toEqual(messages);
  },
);

test('an abort ends the waiting for an item, and lets the source go', async () => {
  const stopping = new AbortController();
  let released = false;
  const blocked: AsyncIterable<string> = {
    [Symbol.asyncIterator]: () => ({
      next: () => new Promise(() => {}),
      return: async () => {
        released = true;
        return { done: true, value: undefined };
      },
    }),
  };
  const items = countEach(blocked, { signal: stopping.signal, report: () => {} });
  const first = items.next();
  stopping.abort(new Error('stop'));
  await expect(first).rejects.toThrow('stop');
  expect(released).toBe(true);
});

test('who leaves early lets the source go', async () => {
  const source = slowly(1, 2, 3);
  for await (const item of countEach(source, { signal: new AbortController().signal, report: () => {} })) {
    if (item === 2) break;
  }
  expect(await source.next()).toEqual({ done: true, value: undefined });
});
