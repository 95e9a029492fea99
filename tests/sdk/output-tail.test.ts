import { expect, test } from 'vitest';
import { createOutputTail } from '../../client/sdk/output-tail.ts';

const bytes = (text: string) => Buffer.byteLength(text);

test('output goes on where it was, a repeat is passed over, and another attempt begins anew', () => {
  const tail = createOutputTail(1000);
  tail.add({ attempt: 1, offset: 0, end: 4, text: 'grün'.slice(0, 3) });
  tail.add({ attempt: 1, offset: 0, end: 5, text: 'grün' });
  tail.add({ attempt: 1, offset: 2, end: 8, text: 'ün ok' });
  expect(tail.current()).toEqual({ attempt: 1, text: 'grün ok', start: 0, end: 8 });
  tail.add({ attempt: 2, offset: 0, end: 3, text: 'new' });
  expect(tail.current()).toEqual({ attempt: 2, text: 'new', start: 0, end: 3 });
});

test('of long output the end is kept, with how much came before it', () => {
  const tail = createOutputTail(100);
  let all = '';
  for (let line = 0; line < 5000; line++) {
    const text = `Zeile ${line} – für immer 🚀\n`;
    tail.add({ attempt: 1, offset: bytes(all), end: bytes(all + text), text });
    all += text;
    const { text: kept, start, end } = tail.current()!;
    expect(kept.length).toBeLessThanOrEqual(150);
    expect(all.endsWith(kept)).toBe(true);
    expect(start).toBe(bytes(all) - bytes(kept));
    expect(end).toBe(bytes(all));
  }
  expect(tail.current()!.text).toMatch(/^Zeile \d+ /);
});
