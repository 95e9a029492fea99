import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { useCallback, useEffect } from 'react';
import { type AnyVariables, type CombinedError, useQuery } from 'urql';

export interface Asked<T> {
  /** The newest answer; undefined before the first. */
  data: T | undefined;
  error: CombinedError | undefined;
  /** Asks again, of the server. */
  refresh(): void;
}

/** An answer that is asked for anew with every visit of its page, and every `everyMs` while the page is looked at. */
export function useAsked<T, V extends AnyVariables>(
  query: TypedDocumentNode<T, V>,
  variables: V,
  everyMs: number | null = null,
): Asked<T> {
  // urql's own type of the arguments depends on whether V has required members, which is not known here.
  const [{ data, error }, ask] = useQuery<T, AnyVariables>({
    query: query as TypedDocumentNode<T, AnyVariables>,
    variables,
    requestPolicy: 'cache-and-network',
  });
  const refresh = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useEffect(() => {
    if (everyMs === null) return;
    const timer = setInterval(() => {
      if (!document.hidden) refresh();
    }, everyMs);
    return () => clearInterval(timer);
  }, [everyMs, refresh]);
  return { data, error, refresh };
}
