import { sse } from '../help/client.ts';
import type { Flow, FlowEnd } from '../help/flow.ts';
import type { Random } from '../help/random.ts';
import { openSocket, type RawSocket } from '../help/socket.ts';
import { type Chunk, isOver, OUTPUT, type Seen, UPDATES } from './live-reports.ts';

/** How a follower reaches the server: opens a subscription, now or when it is there again. */
export interface Way {
  open<T>(query: string, variables: Record<string, unknown>): Promise<Flow<T>>;
  /** Breaks off what goes this way, with all who share it. */
  cut(): void;
}

type Address = { graphql: string; socket: string };

/** One WebSocket that several share; a new one when it was cut. */
export function byWebSocket(server: Address): Way {
  let socket: Promise<RawSocket> | null = null;
  return {
    async open(query, variables) {
      socket ??= openSocket(server);
      return (await socket).subscribe(query, variables);
    },
    cut() {
      void socket?.then((open) => open.cut());
      socket = null;
    },
  };
}

/** An HTTP request for each subscription. */
export function bySse(server: Address): Way {
  const flows = new Set<Flow<unknown>>();
  return {
    async open<T>(query: string, variables: Record<string, unknown>) {
      const flow = await sse<T>(server, query, variables);
      flows.add(flow);
      return flow;
    },
    cut() {
      for (const flow of flows) flow.stop();
      flows.clear();
    },
  };
}

/** Every so many values a follower breaks its way off, or begins anew on it. */
const TROUBLE = 80;

/** Follows a subscription to its Complete, through whatever happens; `take` gets every value, `place` says how to go on. */
async function follow<T>(
  way: Way,
  { integer }: Random,
  query: string,
  place: () => Record<string, unknown>,
  take: (value: T) => void,
): Promise<void> {
  for (;;) {
    const flow = await way.open<T>(query, place());
    let how: FlowEnd | 'lost' | null = null;
    while (how === null) {
      try {
        take(await lost(flow));
      } catch (error) {
        if (!(error instanceof Lost)) throw error;
        how = error.how;
      }
      if (how !== null) break;
      const chance = integer(1, TROUBLE);
      if (chance === 1) way.cut();
      if (chance <= 2) {
        flow.stop();
        how = 'lost';
      }
    }
    if (how === 'complete') return;
    // Opened while the storage is away: it is tried again.
    if (how !== 'lost' && how[0]?.extensions.code !== 'INTERNAL_SERVER_ERROR') throw new Error(JSON.stringify(how));
  }
}

class Lost extends Error {
  readonly how: FlowEnd | 'lost';
  constructor(how: FlowEnd | 'lost') {
    super('The flow has ended');
    this.how = how;
  }
}

/** The next value, or a Lost that says how it ended. */
const lost = <T>(flow: Flow<T>): Promise<T> =>
  flow.next().catch(async () => {
    throw new Lost(await flow.ended.catch(() => 'lost' as const));
  });

/** Follows a job to its end; the last of what it saw. Throws when a revision falls, or something comes after the end. */
export async function followUpdates(way: Way, random: Random, id: string): Promise<Seen> {
  let last: Seen | null = null;
  await follow<Seen>(
    way,
    random,
    UPDATES,
    () => ({ id }),
    (seen) => {
      if (last && seen.revision < last.revision)
        throw new Error(`${id} fell from ${last.revision} to ${seen.revision}`);
      last = seen;
    },
  );
  if (last === null || !isOver(last)) throw new Error(`The end of ${id} was not seen, but ${JSON.stringify(last)}`);
  return last;
}

/** Follows the output of a job with one attempt, going on after what it has; all of it. Throws when a piece does not follow on. */
export async function followOutput(way: Way, random: Random, id: string): Promise<string> {
  const texts: string[] = [];
  let end = 0;
  await follow<Chunk>(
    way,
    random,
    OUTPUT,
    () => (end > 0 ? { id, after: end, attempt: 1 } : { id }),
    (chunk) => {
      const follows = chunk.attempt === 1 && chunk.offset === end && chunk.end === end + Buffer.byteLength(chunk.text);
      if (!follows || chunk.text === '') throw new Error(`After ${end} came ${JSON.stringify(chunk)}`);
      texts.push(chunk.text);
      end = chunk.end;
    },
  );
  return texts.join('');
}
