import { setTimeout as pass } from 'node:timers/promises';
import { createSourceEventStream, type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { EngineUnavailable } from '../engine/engine.ts';
import { type Answering, answering } from './plan.ts';

/** What the storage was away for is asked for again after this. */
const RETRY_MS = 500;

/** The answer to an event, which may be the end: none is given up because the storage is away, as long as it is wanted. */
export function answer(ask: Answering, event: unknown, wanted: () => boolean): ReturnType<Answering> {
  const result = ask(event);
  return 'then' in result || isWithoutStorage(result) ? insist(result, () => ask(event), wanted) : result;
}

async function insist(
  first: ReturnType<Answering>,
  again: () => ReturnType<Answering>,
  wanted: () => boolean,
): Promise<ExecutionResult> {
  for (let result = await first; ; result = await again()) {
    if (!isWithoutStorage(result) || !wanted()) return result;
    await pass(RETRY_MS, undefined, { ref: false });
  }
}

/** What is read from the storage, when it is back; rejects with EngineUnavailable once nobody wants it. */
export async function patiently<T>(read: () => Promise<T>, wanted: () => boolean): Promise<T> {
  for (;;) {
    try {
      return await read();
    } catch (error) {
      if (!(error instanceof EngineUnavailable) || !wanted()) throw error;
    }
    await pass(RETRY_MS, undefined, { ref: false });
  }
}

/** Whether the storage was away for a part of it. */
export const isWithoutStorage = ({ errors }: ExecutionResult): boolean => errors?.some(isUnavailable) ?? false;

function isUnavailable(error: unknown): boolean {
  let inner: unknown = error;
  while (inner instanceof GraphQLError) inner = inner.originalError;
  return inner instanceof EngineUnavailable;
}

/**
 * GraphQL's `createSourceEventStream`. What it throws, the stream throws as its first event: that ends this operation only, where
 * graphql-ws would have the whole socket closed.
 */
export async function openSource(args: ExecutionArgs): Promise<AsyncIterable<unknown> | ExecutionResult> {
  try {
    return await createSourceEventStream(args);
  } catch (error) {
    return failing(error);
  }
}

async function* failing(error: unknown): AsyncGenerator<never> {
  yield await Promise.reject(error);
}

/** GraphQL's `subscribe`, with answers as above. */
export async function subscribe(
  args: ExecutionArgs,
): Promise<AsyncIterableIterator<ExecutionResult> | ExecutionResult> {
  const source = await openSource(args);
  if (!(Symbol.asyncIterator in source)) return source;
  const events = source[Symbol.asyncIterator]();
  const ask = answering(args);
  let left = false;
  const answers: AsyncIterableIterator<ExecutionResult> = {
    async next() {
      const next = await events.next();
      return next.done ? next : { done: false, value: await answer(ask, next.value, () => !left) };
    },
    async return() {
      left = true;
      await events.return?.();
      return { done: true, value: undefined };
    },
    async throw(error) {
      await answers.return?.();
      throw error;
    },
    [Symbol.asyncIterator]() {
      return answers;
    },
  };
  return answers;
}
