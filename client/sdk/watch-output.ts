import { createChannel } from './channel.ts';
import type { CallOptions, Connection } from './connection.ts';
import { jobOutputSubscription } from './documents.ts';
import { errorCode } from './errors.ts';
import type { JobOutputSubscription } from './gql/graphql.ts';

/** A piece of a job's output: whole characters. `offset` and `end` count UTF-8 bytes of the attempt, before the text and up to its end. */
export type OutputChunk = JobOutputSubscription['jobOutput'];

export interface WatchOutputOptions extends CallOptions {
  /** UTF-8 bytes that are known: the `end` of the last chunk. @default 0 */
  after?: number;
  /** The attempt of the last chunk. @default the present one */
  attempt?: number;
}

/**
 * The output of a job, from its beginning (or from `after`) and then live, until the job ends. Each chunk follows on the one before it,
 * over every lost connection, without hole or repeat. One of another attempt has offset 0: what was shown is to be replaced; so it is
 * where the output of the asked attempt is gone. Throws a SpacedockError: NOT_FOUND; BAD_USER_INPUT where `after` or `attempt` is beyond
 * what there is.
 */
export function watchOutput(
  connection: Connection,
  id: string,
  { after = 0, attempt, signal }: WatchOutputOptions = {},
): AsyncIterableIterator<OutputChunk> {
  /** Where the next chunk begins. The connection reads it whenever it subscribes again. */
  const place: { id: string; after: number; attempt: number | null } = { id, after, attempt: attempt ?? null };
  let chunks: AsyncIterableIterator<JobOutputSubscription> | undefined;
  let over = false;
  const channel = createChannel<OutputChunk>({
    onEnd: () => {
      over = true;
      void chunks?.return?.();
    },
  });

  async function follow(): Promise<void> {
    chunks = connection.subscribe(jobOutputSubscription, place, { signal });
    for await (const { jobOutput: chunk } of chunks) {
      place.attempt = chunk.attempt;
      place.after = chunk.end;
      channel.push(chunk);
    }
  }

  async function followAttempts(): Promise<void> {
    for (;;) {
      try {
        return await follow();
      } catch (error) {
        if (over || errorCode(error) !== 'OUTPUT_TRUNCATED') throw error;
        place.attempt = null;
        place.after = 0;
      }
    }
  }

  followAttempts().then(() => channel.end(), channel.end);
  return channel.iterator;
}
