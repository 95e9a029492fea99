import { describe, expect, test } from 'vitest';
import { createOutputLog, type OutputLog } from '../../client/sdk/output-log.ts';

/** What a server has that appends every piece at its offset. */
function drain(log: OutputLog, server = { bytes: Buffer.alloc(0) }): string {
  for (let piece = log.next(); piece; piece = log.next()) {
    expect(piece.offset).toBe(server.bytes.length);
    expect(piece.text.isWellFormed()).toBe(true);
    server.bytes = Buffer.concat([server.bytes, Buffer.from(piece.text)]);
    log.arrived(piece);
  }
  return server.bytes.toString();
}

describe('output on its way', () => {
  const text = 'a😀é👩‍🚀ß';

  test.each(Array.from({ length: text.length + 1 }, (_, at) => at))('cut after %i characters stays whole', (at) => {
    const log = createOutputLog();
    const server = { bytes: Buffer.alloc(0) };
    log.write(text.slice(0, at));
    drain(log, server);
    log.write(text.slice(at));
    expect(drain(log, server)).toBe(text);
  });

  test('cut at every place at once stays whole', () => {
    const log = createOutputLog();
    const server = { bytes: Buffer.alloc(0) };
    for (const half of text.split('')) {
      log.write(half);
      drain(log, server);
    }
    expect(drain(log, server)).toBe(text);
  });

  test('halves that are nobody’s become U+FFFD, the last one when nothing follows', () => {
    const log = createOutputLog();
    log.write('a\udc00b\ud83d');
    expect(drain(log)).toBe('a\ufffdb');
    log.finish();
    expect(log.next()).toEqual({ offset: 5, text: '\ufffd' });
  });

  test('pieces of what is long are whole, too', () => {
    const log = createOutputLog();
    const long = `x${'😀'.repeat(100_000)}`;
    log.write(long);
    expect(drain(log)).toBe(long);
    expect(log.waiting).toBe(0);
  });

  test('a piece stays the same until it has arrived, with what came meanwhile behind it', () => {
    const log = createOutputLog();
    log.startAt(7);
    log.write('one');
    const piece = log.next()!;
    expect(piece).toEqual({ offset: 7, text: 'one' });
    log.write('two');
    log.arrived(piece);
    expect(log.next()).toEqual({ offset: 10, text: 'two' });
  });

  test('goes back to what the server has left, but not behind what is at hand', () => {
    const log = createOutputLog();
    log.startAt(100);
    log.write('aé😀');
    drain(log, { bytes: Buffer.alloc(100) });
    log.write('!');
    expect(log.rewind(99)).toBe(false);
    expect(log.rewind(102)).toBe(false);
    expect(log.rewind(107)).toBe(false);
    expect(log.rewind(103)).toBe(true);
    expect(log.next()).toEqual({ offset: 103, text: '😀!' });
    expect(log.rewind(101)).toBe(true);
    expect(log.next()).toEqual({ offset: 101, text: 'é😀!' });
  });
});
