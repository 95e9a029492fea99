import { describe, expect, test } from 'vitest';
import type { OutputChunk } from '../../src/engine/engine.ts';
import {
  claimed,
  completed,
  eachTest,
  failed,
  listening,
  newSpace,
  type Open,
  trackedJob,
  working,
} from './fixtures.ts';

const MAX = 1_000_000;
const PIECE = 10_000;
/** Two, three and four bytes a character, and a family of joined ones. */
const TEXT = 'aé€😀👩‍👧‍👦z';
const bytes = Buffer.byteLength;

/** What every engine promises of a job's streamed output. */
export function outputContract(open: Open): void {
  describe('output', () => {
    const at = eachTest(open);

    test('[promise 7] what is appended is read from any byte on, and told', async () => {
      const { engine, other } = at;
      const { job, lease } = await working(engine);
      const heard = await listening<OutputChunk>((handler) => other.bus.listenOutput(job.id, handler));
      expect(await engine.output.length(job.id)).toBeNull();
      expect(await engine.output.read(job.id, 1, 0, MAX)).toBeNull();
      const first = { outcome: 'appended', end: bytes(TEXT) };
      expect(await engine.output.append(job.id, 1, lease, 0, TEXT, MAX)).toEqual(first);
      const end = 2 * bytes(TEXT);
      expect(await other.output.append(job.id, 1, lease, bytes(TEXT), TEXT, MAX)).toEqual({ outcome: 'appended', end });
      expect(await heard.until(2)).toEqual([
        { attempt: 1, offset: 0, end: bytes(TEXT), text: TEXT },
        { attempt: 1, offset: bytes(TEXT), end, text: TEXT },
      ]);
      expect(await other.output.length(job.id)).toEqual({ attempt: 1, end });
      expect(await other.output.read(job.id, 1, 0, MAX)).toEqual({ attempt: 1, offset: 0, end, text: TEXT + TEXT });
      expect(await other.output.read(job.id, 1, end, MAX)).toEqual({ attempt: 1, offset: end, end, text: '' });
      expect(await other.output.read(job.id, 2, 0, MAX)).toBeNull();
      expect((await engine.jobs.read(job.id))?.revision).toBe(job.revision);
      heard.unlisten();
    });

    test('[promise 7] a piece of any size is whole characters, and joined they are what was appended', async () => {
      const { engine } = at;
      const { job, lease } = await working(engine);
      await engine.output.append(job.id, 1, lease, 0, TEXT, MAX);
      await engine.output.append(job.id, 1, lease, bytes(TEXT), TEXT, MAX);
      for (const size of [4, 5, 6, 7, 11, 64]) {
        let joined = '';
        for (let after = 0; after < 2 * bytes(TEXT); ) {
          const piece = await engine.output.read(job.id, 1, after, size);
          expect(piece).toMatchObject({ offset: after, end: after + bytes(piece!.text) });
          expect(piece!.end).toBeGreaterThan(after);
          joined += piece!.text;
          after = piece!.end;
        }
        expect(joined).toBe(TEXT + TEXT);
      }
      // From within a character: from the next one on.
      expect(await engine.output.read(job.id, 1, 2, MAX)).toMatchObject({ offset: 3, text: (TEXT + TEXT).slice(2) });
    });

    test('[promise 7] a piece of a megabyte is told as one, and read in small ones that are it byte for byte', async () => {
      const { engine, other } = at;
      const { job, lease } = await working(engine);
      const heard = await listening<OutputChunk>((handler) => other.bus.listenOutput(job.id, handler));
      const large = TEXT.repeat(Math.ceil(MAX / bytes(TEXT)));
      const end = bytes(large);
      expect(await engine.output.append(job.id, 1, lease, 0, large, end)).toEqual({ outcome: 'appended', end });
      expect(await heard.until(1)).toEqual([{ attempt: 1, offset: 0, end, text: large }]);
      const pieces: string[] = [];
      for (let after = 0; after < end; ) {
        const piece = (await other.output.read(job.id, 1, after, PIECE))!;
        expect(piece).toMatchObject({ attempt: 1, offset: after, end: after + bytes(piece.text) });
        // Whole but for a character that was cut, whatever the size of what was reported.
        expect(piece.end).toBeGreaterThan(Math.min(after + PIECE, end) - 4);
        expect(piece.end).toBeLessThanOrEqual(after + PIECE);
        pieces.push(piece.text);
        after = piece.end;
      }
      expect(Buffer.from(pieces.join('')).equals(Buffer.from(large))).toBe(true);
      expect(await engine.output.append(job.id, 1, lease, 0, `${large}😀`, MAX)).toEqual({ outcome: 'full', end });
      expect(await engine.output.append(job.id, 1, lease, 0, `${large}😀`, end + 4)).toMatchObject({ end: end + 4 });
      expect(await other.output.read(job.id, 1, end - 1, PIECE)).toMatchObject({ offset: end - 1, text: 'z😀' });
      heard.unlisten();
    });

    test('[promise 7] an overlapping repeat adds the new tail alone; a hole, and what cuts a character, adds nothing', async () => {
      const { engine } = at;
      const { job, lease } = await working(engine);
      const heard = await listening<OutputChunk>((handler) => engine.bus.listenOutput(job.id, handler));
      const add = (offset: number, text: string) => engine.output.append(job.id, 1, lease, offset, text, MAX);
      await add(0, 'aé');
      expect(await add(0, 'aé')).toEqual({ outcome: 'appended', end: 3 });
      expect(await add(1, 'é"€\n')).toEqual({ outcome: 'appended', end: 8 });
      expect(await add(9, 'x')).toEqual({ outcome: 'gap', end: 8 });
      expect(await add(7, '😀')).toEqual({ outcome: 'gap', end: 8 });
      expect(await engine.output.read(job.id, 1, 0, MAX)).toMatchObject({ text: 'aé"€\n', end: 8 });
      expect(await heard.until(2)).toEqual([
        { attempt: 1, offset: 0, end: 3, text: 'aé' },
        { attempt: 1, offset: 3, end: 8, text: '"€\n' },
      ]);
      heard.unlisten();
    });

    test('a full log is as it was', async () => {
      const { engine } = at;
      const { job, lease } = await working(engine);
      await engine.output.append(job.id, 1, lease, 0, '12345', 8);
      expect(await engine.output.append(job.id, 1, lease, 5, '6789', 8)).toEqual({ outcome: 'full', end: 5 });
      expect(await engine.output.append(job.id, 1, lease, 5, '678', 8)).toEqual({ outcome: 'appended', end: 8 });
    });

    test('[promise 2] nothing is appended under another lease, before a claim or after the end', async () => {
      const { engine } = at;
      const { job, lease } = await working(engine);
      for (const other of ['none', null]) {
        expect(await engine.output.append(job.id, 1, other, 0, 'x', MAX)).toEqual({ outcome: 'moved' });
      }
      await engine.jobs.commit(completed(job, engine.now()));
      expect(await engine.output.append(job.id, 1, lease, 0, 'x', MAX)).toEqual({ outcome: 'moved' });
      expect(await engine.output.append('nobody', 1, null, 0, 'x', MAX)).toEqual({ outcome: 'moved' });
      const space = await newSpace(engine);
      expect(await engine.output.append(`${space}.x`, 1, 'x', 0, 'x', MAX)).toEqual({ outcome: 'moved' });
    });

    test('a new attempt begins its own log, and the older one is gone; one that is late adds nothing', async () => {
      const { engine } = at;
      const { space, job, lease } = await working(engine);
      await engine.output.append(job.id, 1, lease, 0, 'first', MAX);
      await engine.jobs.commit(failed(job, engine.now(), true));
      const again = await claimed(engine, space, 'app');
      expect(await engine.output.read(job.id, 1, 0, MAX)).toMatchObject({ text: 'first' });
      const second = again.lease!.token;
      expect(await engine.output.append(job.id, 2, second, 0, 'next', MAX)).toEqual({ outcome: 'appended', end: 4 });
      expect(await engine.output.append(job.id, 1, second, 4, 'late', MAX)).toEqual({ outcome: 'moved' });
      expect(await engine.output.read(job.id, 1, 0, MAX)).toBeNull();
      expect(await engine.output.read(job.id, 2, 0, MAX)).toMatchObject({ text: 'next' });
    });

    test('a tracked job has a log without a lease, and it goes with the job', async () => {
      const { engine } = at;
      const job = trackedJob(engine, 'log-1');
      await engine.jobs.commit(job);
      expect(await engine.output.append(job.id, 1, null, 0, 'line\n', MAX)).toEqual({ outcome: 'appended', end: 5 });
      await engine.jobs.remove(job.id);
      expect(await engine.output.length(job.id)).toBeNull();
      expect(await engine.output.read(job.id, 1, 0, MAX)).toBeNull();
      await engine.jobs.commit(job);
      expect(await engine.output.length(job.id)).toBeNull();
    });
  });
}
