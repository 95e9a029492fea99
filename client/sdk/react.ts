import { useState } from 'react';
import { type CombinedError, useSubscription } from 'urql';
import { jobOutputSubscription, jobUpdatesSubscription, spaceConnectionSubscription } from './documents.ts';
import type { SpaceConnectionFragment } from './gql/graphql.ts';
import type { JobSnapshot } from './watch.ts';

/** What is watched, as it is by now. */
export interface Live<T> {
  /** Null until the first answer. */
  data: T | null;
  /** Set when it cannot be watched (any more): `graphQLErrors[0].extensions.code` says why. */
  error: CombinedError | undefined;
}

/** A job, live: its present state first, then newer ones, until it has ended. Null as an id: nothing is watched. */
export function useJob(id: string | null): Live<JobSnapshot> {
  const [{ data, error }] = useSubscription({
    query: jobUpdatesSubscription,
    variables: { id: id ?? '' },
    pause: id === null,
  });
  // What is left of the job before is not this one's.
  return { data: data && data.jobUpdates.id === id ? data.jobUpdates : null, error };
}

/** Whether a space's remote apps are connected, and how loaded they are, live. */
export function useSpaceConnection(space: string | null): Live<SpaceConnectionFragment> {
  const [{ data, error }] = useSubscription({
    query: spaceConnectionSubscription,
    variables: { space: space ?? '' },
    pause: space === null,
  });
  return { data: data && data.spaceConnection.space === space ? data.spaceConnection : null, error };
}

export interface JobOutput {
  attempt: number;
  text: string;
}

/** Streamed output of a job as it comes, from its beginning; of the newest attempt only. */
export function useJobOutput(id: string | null): Live<JobOutput> {
  const [output, setOutput] = useState<(JobOutput & { id: string | null }) | null>(null);
  const [{ error }] = useSubscription(
    { query: jobOutputSubscription, variables: { id: id ?? '' }, pause: id === null },
    (_before, chunk) => {
      const { attempt, offset, text } = chunk.jobOutput;
      setOutput((known) => {
        const goesOn = known?.id === id && known.attempt === attempt && offset > 0;
        return { id, attempt, text: goesOn ? known.text + text : text };
      });
      return chunk;
    },
  );
  return { data: output?.id === id ? output : null, error };
}
