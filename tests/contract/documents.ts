import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { Json } from '../../src/domain/json.ts';
import { clockPassed, eachTest, type Open } from './fixtures.ts';

/** What every engine promises of documents. */
export function documentsContract(open: Open): void {
  describe('documents', () => {
    const at = eachTest(open);

    test('a document that was never put is null and no part of a list', async () => {
      expect(await at.engine.documents.get('upload', 'a')).toBeNull();
      expect(await at.engine.documents.list('upload')).toEqual([]);
    });

    test('a document is stored if the stored revision is the expected one, counting from 1', async () => {
      const { documents } = at.engine;
      expect(await documents.put('upload', 'a', { n: 1 }, 0)).toBe(1);
      expect(await documents.put('upload', 'a', { n: 2 }, 1)).toBe(2);
      expect(await documents.get('upload', 'a')).toEqual({ id: 'a', value: { n: 2 }, revision: 2 });
    });

    test('a put on another revision answers null and changes nothing', async () => {
      const { documents } = at.engine;
      expect(await documents.put('upload', 'a', 'first', 3)).toBeNull();
      expect(await documents.get('upload', 'a')).toBeNull();
      await documents.put('upload', 'a', 'first', 0);
      await documents.put('upload', 'a', 'second', 1);
      for (const passed of [0, 1, 3]) expect(await documents.put('upload', 'a', 'third', passed)).toBeNull();
      expect(await documents.get('upload', 'a')).toEqual({ id: 'a', value: 'second', revision: 2 });
    });

    test('of many puts on one revision exactly one is taken', async () => {
      const { engine, other } = at;
      const puts = Array.from({ length: 20 }, (_, n) =>
        (n % 2 ? engine : other).documents.put('upload', 'a', `value ${n}`, 0),
      );
      const answers = await Promise.all(puts);
      expect(answers.filter((revision) => revision === 1)).toHaveLength(1);
      expect(answers.filter((revision) => revision === null)).toHaveLength(19);
      expect((await other.documents.get('upload', 'a'))?.value).toBe(`value ${answers.indexOf(1)}`);
    });

    test('a list holds the documents of its kind alone, by id', async () => {
      const { documents } = at.engine;
      for (const id of ['c', 'a', 'B', 'b']) await documents.put('upload', id, { id }, 0);
      await documents.put('uploads', 'x', {}, 0);
      await documents.put('space', 'a', {}, 0);
      await documents.put('upload', 'a', { id: 'changed' }, 1);
      expect(await documents.list('upload')).toEqual([
        { id: 'B', value: { id: 'B' }, revision: 1 },
        { id: 'a', value: { id: 'changed' }, revision: 2 },
        { id: 'b', value: { id: 'b' }, revision: 1 },
        { id: 'c', value: { id: 'c' }, revision: 1 },
      ]);
    });

    test('remove tells whether there was one, and the next put begins anew', async () => {
      const { documents } = at.engine;
      await documents.put('upload', 'a', 1, 0);
      await documents.put('upload', 'a', 2, 1);
      expect(await documents.remove('upload', 'a')).toBe(true);
      expect(await documents.remove('upload', 'a')).toBe(false);
      expect(await documents.get('upload', 'a')).toBeNull();
      expect(await documents.list('upload')).toEqual([]);
      expect(await documents.put('upload', 'a', 3, 2)).toBeNull();
      expect(await documents.put('upload', 'a', 3, 0)).toBe(1);
    });

    test('an expired document is gone', async () => {
      const { engine } = at;
      const { documents } = engine;
      expect(await documents.put('upload', 'a', 1, 0, engine.now())).toBe(1);
      expect(await documents.put('upload', 'kept', 1, 0, engine.now() + 60_000)).toBe(1);
      expect(await documents.get('upload', 'a')).toBeNull();
      expect((await documents.list('upload')).map(({ id }) => id)).toEqual(['kept']);
      expect(await documents.remove('upload', 'a')).toBe(false);
      expect(await documents.put('upload', 'a', 2, 1)).toBeNull();
      expect(await documents.put('upload', 'a', 2, 0)).toBe(1);
    });

    test('a put says whether the document expires, whatever the put before said', async () => {
      const { engine } = at;
      const { documents } = engine;
      await documents.put('upload', 'a', 1, 0);
      await documents.put('upload', 'a', 2, 1, engine.now());
      expect(await documents.get('upload', 'a')).toBeNull();
      const until = engine.now() + 100;
      await documents.put('upload', 'b', 1, 0, until);
      expect(await documents.put('upload', 'b', 2, 1)).toBe(2);
      await clockPassed(engine, until);
      expect(await documents.get('upload', 'b')).toEqual({ id: 'b', value: 2, revision: 2 });
    });

    test('any JSON value under any id comes back as it was', async () => {
      let n = 0;
      await fc.assert(
        fc.asyncProperty(fc.string({ minLength: 1, unit: 'grapheme' }), fc.jsonValue(), async (name, given) => {
          const value = JSON.parse(JSON.stringify(given)) as Json;
          const id = `${++n}${name}`;
          await at.engine.documents.put('secret', id, value, 0);
          expect(await at.other.documents.get('secret', id)).toEqual({ id, value, revision: 1 });
        }),
        { numRuns: 100 },
      );
    });
  });
}
