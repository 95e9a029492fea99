import type { ExecutionArgs, ExecutionResult } from 'graphql';
import type { Delivery } from './broadcast.ts';
import { type Mask, nextHead, nextTail, textFrame } from './frame.ts';
import { openSource } from './patient.ts';
import { type Answering, answering } from './plan.ts';
import { createSubscriber, type Subscriber } from './subscriber.ts';

/**
 * Subscriptions of which every event counts. Each watcher has a source of its own, at its own place; but an event that several of them
 * are given, who asked in the same words, is executed and written out once.
 */
export function createRelay({ mask }: { mask: Mask }) {
  const texts = new WeakMap<object, Map<string, Promise<Buffer>>>();

  async function write(ask: Answering, event: object): Promise<Buffer> {
    return nextTail(await ask(event), mask);
  }

  /** The end of a Next: the payload, and the brace that closes it. */
  function textOf(key: string, ask: Answering, event: object): Promise<Buffer> {
    const written = texts.get(event) ?? new Map<string, Promise<Buffer>>();
    texts.set(event, written);
    const known = written.get(key) ?? write(ask, event);
    written.set(key, known);
    return known;
  }

  return {
    /** `key`: those who share it see the same of an event. */
    async subscribe(
      key: string,
      args: ExecutionArgs,
      { link, id }: Pick<Delivery, 'link' | 'id'>,
    ): Promise<Subscriber | ExecutionResult> {
      const source = await openSource(args);
      if (!(Symbol.asyncIterator in source)) return source;
      const events = source[Symbol.asyncIterator]() as AsyncIterator<object>;
      const ask = answering(args);
      const head = nextHead(id);
      let left = false;
      const { subscriber, finish } = createSubscriber(() => {
        left = true;
        void Promise.resolve(events.return?.()).catch(() => undefined);
      });

      async function run(): Promise<void> {
        for (let next = await events.next(); !next.done && !left; next = await events.next()) {
          const text = await textOf(key, ask, next.value);
          // What comes while a full socket is waited for stays in the source.
          for (let room = link.room(); room; room = link.room()) await room;
          if (left) return;
          link.sendFrame(textFrame(head, text));
        }
      }
      run().then(() => finish(), finish);
      return subscriber;
    },
  };
}
