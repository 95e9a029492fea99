import { type AnyVariables, type Client, type CombinedError, createRequest, type TypedDocumentNode } from '@urql/core';

/** What events add up to. */
export interface Sum<D, T> {
  add(event: D): void;
  /** Null before the first event. */
  current(): T | null;
}

/** A subscription that everybody watches who watches the same. */
export interface SharedWatch<T> {
  current(): T | null;
  /** Why it cannot be watched (any more). */
  error(): CombinedError | undefined;
  /** Hears of every event. Returns what ends that; with the last listener the subscription ends. */
  listen(listener: () => void): () => void;
}

const watches = new WeakMap<Client, Map<string, SharedWatch<unknown>>>();
let lastRequest = 0;

/**
 * The one subscription of this client for `key`. urql shares equal subscriptions, too, but who joins late misses what was before;
 * here they begin with what it has come to.
 */
export function sharedWatch<D, V extends AnyVariables, T>(
  client: Client,
  key: string,
  document: TypedDocumentNode<D, V>,
  variables: V,
  begin: () => Sum<D, T>,
): SharedWatch<T> {
  const known = watches.get(client) ?? new Map<string, SharedWatch<unknown>>();
  watches.set(client, known);
  const before = known.get(key) as SharedWatch<T> | undefined;
  if (before) return before;

  const listeners = new Set<() => void>();
  const sum = begin();
  let error: CombinedError | undefined;
  let running: { unsubscribe(): void } | undefined;
  const watch: SharedWatch<T> = {
    current: sum.current,
    error: () => error,
    listen(listener) {
      listeners.add(listener);
      if (!running) {
        const request = createRequest(document, variables);
        // One that has just ended is not to be joined.
        request.key += ++lastRequest;
        running = client.executeSubscription<D, V>(request).subscribe((result) => {
          if (result.error) error = result.error;
          if (result.data) sum.add(result.data);
          for (const hear of listeners) hear();
        });
      }
      return () => {
        if (!listeners.delete(listener) || listeners.size > 0) return;
        running?.unsubscribe();
        if (known.get(key) === watch) known.delete(key);
      };
    },
  };
  known.set(key, watch);
  return watch;
}
