import { expect, test, vi } from 'vitest';
import { createChannel } from '../../client/sdk/channel.ts';

const nothing = () => {};

async function take<T>(iterator: AsyncIterable<T>): Promise<T[]> {
  const values: T[] = [];
  for await (const value of iterator) values.push(value);
  return values;
}

test('what was pushed before and after the consumer came arrives in order, then the end', async () => {
  const channel = createChannel<number>({ onEnd: nothing });
  channel.push(1);
  channel.push(2);
  const taken = take(channel.iterator);
  channel.push(3);
  await Promise.resolve();
  channel.push(4);
  channel.end();
  channel.push(5);
  expect(await taken).toEqual([1, 2, 3, 4]);
});

test('an error comes after what was pushed, once', async () => {
  const channel = createChannel<number>({ onEnd: nothing });
  channel.push(1);
  channel.end(new Error('broken'));
  const { iterator } = channel;
  expect(await iterator.next()).toEqual({ done: false, value: 1 });
  await expect(iterator.next()).rejects.toThrow('broken');
  expect(await iterator.next()).toEqual({ done: true, value: undefined });
});

test('who takes slowly gets the latest', async () => {
  const channel = createChannel<number>({ onEnd: nothing, latestOnly: true });
  for (const value of [1, 2, 3]) channel.push(value);
  const { iterator } = channel;
  expect(await iterator.next()).toEqual({ done: false, value: 3 });
  channel.push(4);
  channel.push(5);
  channel.end();
  expect(await take(iterator)).toEqual([5]);
});

test('return() ends a consumer that waits, and whoever feeds it hears of it once', async () => {
  const onEnd = vi.fn();
  const channel = createChannel<number>({ onEnd });
  const waiting = channel.iterator.next();
  await channel.iterator.return?.();
  expect(await waiting).toEqual({ done: true, value: undefined });
  channel.end();
  expect(onEnd).toHaveBeenCalledOnce();
});

test('leaving a loop ends the channel', async () => {
  const onEnd = vi.fn();
  const channel = createChannel<number>({ onEnd });
  channel.push(1);
  for await (const value of channel.iterator) {
    expect(value).toBe(1);
    break;
  }
  expect(onEnd).toHaveBeenCalledOnce();
});
