import { describe, expect, test } from 'vitest';
import type { Engine } from '../../src/engine/engine.ts';
import { clockPassed, eachTest, type Open } from './fixtures.ts';

/** What every engine promises of records. */
export function recordsContract(open: Open): void {
  describe('records', () => {
    const at = eachTest(open);
    const add = (engine: Engine, kind: string, id: string, keptMs = 60_000, most = 100) =>
      engine.records.add(kind, id, { of: id }, engine.now() + keptMs, most);
    const ids = async (engine: Engine, kinds: string[], before: string | null = null, limit = 100) =>
      (await engine.records.newest(kinds, before, limit)).map(({ id }) => id);

    test('come with the highest id first, and a page goes on where the one before ended', async () => {
      const { engine, other } = at;
      expect(await other.records.newest(['a'], null, 10)).toEqual([]);
      for (const id of ['3', '1', '5', '4', '2']) await add(engine, 'a', id);
      expect(await other.records.newest(['a'], null, 2)).toEqual([
        { kind: 'a', id: '5', value: { of: '5' } },
        { kind: 'a', id: '4', value: { of: '4' } },
      ]);
      expect(await ids(other, ['a'], '4', 2)).toEqual(['3', '2']);
      expect(await ids(other, ['a'], '2', 2)).toEqual(['1']);
      expect(await ids(other, ['a'], '1', 2)).toEqual([]);
      // A cursor need not be there any more.
      expect(await ids(other, ['a'], '35')).toEqual(['3', '2', '1']);
    });

    test('are of the asked kinds together, and of no other', async () => {
      const { engine } = at;
      for (const [n, kind] of ['a', 'b', 'ab', 'a', 'c', 'b', 'a'].entries()) await add(engine, kind, `${n}`);
      expect(await ids(engine, ['a', 'b'])).toEqual(['6', '5', '3', '1', '0']);
      expect(await ids(engine, ['a', 'b'], '5', 2)).toEqual(['3', '1']);
      expect(await ids(engine, ['c', 'nothing'])).toEqual(['4']);
      expect(await ids(engine, [])).toEqual([]);
    });

    test('the first of an id stays as it is', async () => {
      const { engine, other } = at;
      await engine.records.add('a', '1', 'first', engine.now() + 60_000, 100);
      await other.records.add('a', '1', 'second', engine.now() + 60_000, 100);
      expect(await other.records.newest(['a'], null, 10)).toEqual([{ kind: 'a', id: '1', value: 'first' }]);
    });

    test('are gone when they expire, each at its own time', async () => {
      const { engine, other } = at;
      await add(engine, 'a', '1');
      await add(engine, 'a', '2', 0);
      const until = engine.now() + 100;
      await engine.records.add('a', '3', 3, until, 100);
      await add(engine, 'a', '4');
      expect(await ids(engine, ['a'])).toEqual(['4', '3', '1']);
      await clockPassed(engine, until);
      await clockPassed(other, until);
      // Both pages are full although one record between is gone.
      expect(await ids(other, ['a'], null, 2)).toEqual(['4', '1']);
      expect(await ids(engine, ['a'], '4', 1)).toEqual(['1']);
    });

    test('of too many of a kind the oldest go, and of other kinds none', async () => {
      const { engine } = at;
      await add(engine, 'b', '0');
      for (const id of ['1', '2', '3']) await add(engine, 'a', id, 60_000, 3);
      await add(engine, 'a', '1', 60_000, 3);
      expect(await ids(engine, ['a'])).toEqual(['3', '2', '1']);
      await add(engine, 'a', '4', 60_000, 3);
      expect(await ids(engine, ['a'])).toEqual(['4', '3', '2']);
      await add(engine, 'a', '5', 60_000, 3);
      expect(await ids(engine, ['a'])).toEqual(['5', '4', '3']);
      // What has expired is not among them.
      await add(engine, 'a', '6', 0, 3);
      expect(await ids(engine, ['a'])).toEqual(['5', '4', '3']);
      await add(engine, 'a', '7', 60_000, 2);
      expect(await ids(engine, ['a', 'b'])).toEqual(['7', '5', '0']);
    });

    test('any JSON value comes back as it was', async () => {
      const { engine, other } = at;
      const values = [null, '', ' a "b"\n\u0000é🚀', 0, [1, [], {}], { a: { b: [null, 'x y'] }, ' ': false }];
      for (const [n, value] of values.entries()) {
        await engine.records.add('a', `${n}`, value, engine.now() + 60_000, 100);
      }
      expect((await other.records.newest(['a'], null, 100)).map(({ value }) => value)).toEqual(values.toReversed());
    });
  });
}
