import { useEffect, useState, useSyncExternalStore } from 'react';
import { type AnyVariables, type CombinedError, type TypedDocumentNode, useClient } from 'urql';
import { jobOutputSubscription, jobUpdatesSubscription, spaceConnectionSubscription } from './documents.ts';
import { createPainter } from './frame.ts';
import type { SpaceConnectionFragment } from './gql/graphql.ts';
import { createOutputTail, type JobOutput } from './output-tail.ts';
import { type Sum, sharedWatch } from './shared-watch.ts';
import type { LinkState, SpacedockClient } from './urql.ts';
import type { JobSnapshot } from './watch.ts';

export type { JobOutput } from './output-tail.ts';
export type { LinkState } from './urql.ts';

/** What is watched, as it is by now. */
export interface Live<T> {
  /** Null until the first answer. */
  data: T | null;
  /** Set when it cannot be watched (any more): `graphQLErrors[0].extensions.code` says why. */
  error: CombinedError | undefined;
}

/**
 * Watches a subscription, and renders at most once for each frame of the screen however fast events come. Without variables nothing
 * is watched. What an earlier subscription left is not shown.
 */
function useLive<D, V extends AnyVariables, T>(
  document: TypedDocumentNode<D, V>,
  variables: V | null,
  begin: () => Sum<D, T>,
  kind: string,
): Live<T> {
  const client = useClient();
  const key = variables === null ? null : kind + JSON.stringify(variables);
  const [live, setLive] = useState<Live<T> & { key: string | null }>({ key, data: null, error: undefined });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key says what variables and beginning are
  useEffect(() => {
    if (variables === null || key === null) return;
    const watch = sharedWatch(client, key, document, variables, begin);
    const show = () => setLive({ key, data: watch.current(), error: watch.error() });
    const painter = createPainter(show);
    const stop = watch.listen(painter.ask);
    // Somebody may have watched it before.
    if (watch.current() !== null || watch.error()) show();
    return () => {
      stop();
      painter.cancel();
    };
  }, [client, document, key]);

  return live.key === key ? live : { data: null, error: undefined };
}

/** The newest event alone. */
function latest<D, T>(of: (event: D) => T, isNews: (before: T, next: T) => boolean = () => true): () => Sum<D, T> {
  return () => {
    let known: T | null = null;
    return {
      add(event) {
        const next = of(event);
        if (known === null || isNews(known, next)) known = next;
      },
      current: () => known,
    };
  };
}

const latestJob = latest(
  ({ jobUpdates }: { jobUpdates: JobSnapshot }) => jobUpdates,
  (before, next) => next.revision >= before.revision,
);
const latestConnection = latest(({ spaceConnection }: { spaceConnection: SpaceConnectionFragment }) => spaceConnection);

/**
 * A job, live: its present state first, then newer ones, until it has ended. Null as an id: nothing is watched. Renders at most once
 * for each frame, whatever the job reports.
 */
export function useJob(id: string | null): Live<JobSnapshot> {
  return useLive(jobUpdatesSubscription, id === null ? null : { id }, latestJob, 'job');
}

/** Whether a space's remote apps are connected, and how loaded they are, live. */
export function useSpaceConnection(space: string | null): Live<SpaceConnectionFragment> {
  return useLive(spaceConnectionSubscription, space === null ? null : { space }, latestConnection, 'connection');
}

/**
 * Streamed output of a job as it comes, of the newest attempt: from its beginning, or with `keep` about so many characters from its
 * end. Renders at most once for each frame.
 */
export function useJobOutput(
  id: string | null,
  { keep = Number.POSITIVE_INFINITY }: { keep?: number } = {},
): Live<JobOutput> {
  return useLive(
    jobOutputSubscription,
    id === null ? null : { id },
    () => {
      const tail = createOutputTail(keep);
      return { add: ({ jobOutput }) => tail.add(jobOutput), current: tail.current };
    },
    `output ${keep}`,
  );
}

const unknown: LinkState = { status: 'idle', via: null };

/** How the way to the server is: of a client that `createUrqlClient` made; always `idle` of another. */
export function useLink(): LinkState {
  const { link } = useClient() as Partial<SpacedockClient>;
  return useSyncExternalStore(link?.listen ?? (() => () => {}), link?.get ?? (() => unknown));
}
