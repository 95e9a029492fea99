import {
  createSourceEventStream,
  type ExecutionArgs,
  type ExecutionResult,
  execute,
  type GraphQLError,
  type GraphQLFormattedError,
} from 'graphql';
import { textFrame } from './frame.ts';
import type { SocketLink } from './link.ts';

/** Where one watcher's frames go. */
export interface Delivery {
  link: SocketLink;
  /** Of its operation on that socket. */
  id: string;
}

/** One watcher, as an iterator that never yields: its frames are written straight to its socket, its end is the iterator's. */
export type Subscriber = AsyncIterableIterator<never>;

/** Watchers of the same thing in the same words: one source, one execution and one text for each event, whatever their number. */
interface Group {
  key: string;
  members: Set<Member>;
  /** The newest event as the end of a Next: its payload, and the brace that closes it. Null: none yet. */
  newest: Buffer | null;
  /** Counts the events. */
  version: number;
  /** Null: it goes on. */
  over: { error?: unknown } | null;
  close(): void;
  /** Resolves when the source is open, or with the answer that there is none. */
  opening: Promise<ExecutionResult | null>;
}

interface Member {
  link: SocketLink;
  /** A Next up to its payload. */
  head: Buffer;
  /** The version it was sent last. */
  shown: number;
  /** Its socket is full: it gets the newest when there is room, and skips what was between. */
  waits: boolean;
  /** Ends the iterator. */
  finish(error?: unknown): void;
}

export type Broadcast = ReturnType<typeof createBroadcast>;

/** `mask`: what a client may see of an error. */
export function createBroadcast({ mask }: { mask(error: GraphQLError): GraphQLFormattedError }) {
  const groups = new Map<string, Group>();

  function open(key: string, args: ExecutionArgs): Group {
    const group: Group = {
      key,
      members: new Set(),
      newest: null,
      version: 0,
      over: null,
      close: () => undefined,
      opening: Promise.resolve(null),
    };
    groups.set(key, group);
    group.opening = begin(group, args);
    return group;
  }

  async function begin(group: Group, args: ExecutionArgs): Promise<ExecutionResult | null> {
    let source: AsyncIterable<unknown> | ExecutionResult;
    try {
      source = await createSourceEventStream(args);
    } catch (error) {
      remove(group);
      throw error;
    }
    if (!(Symbol.asyncIterator in source)) {
      remove(group);
      return source;
    }
    const events = source[Symbol.asyncIterator]();
    group.close = () => void Promise.resolve(events.return?.()).catch(() => undefined);
    if (group.members.size === 0) group.close();
    void run(group, events, args);
    return null;
  }

  /** One execution at a time; the source holds the newest meanwhile, so none overtakes another. */
  async function run(group: Group, events: AsyncIterator<unknown>, args: ExecutionArgs): Promise<void> {
    try {
      for (let next = await events.next(); !next.done; next = await events.next()) {
        const { data, errors } = await execute({ ...args, rootValue: next.value });
        const payload = errors ? { data, errors: errors.map(mask) } : { data };
        group.newest = Buffer.from(`${JSON.stringify(payload)}}`);
        group.version++;
        for (const member of group.members) show(group, member);
      }
      group.over = {};
    } catch (error) {
      group.over = { error };
    }
    remove(group);
    for (const member of [...group.members]) show(group, member);
  }

  /** Brings the member up to date, as far as its socket takes it. */
  function show(group: Group, member: Member): void {
    if (member.waits) return;
    if (group.newest !== null && member.shown < group.version) {
      member.shown = group.version;
      const full = member.link.sendFrame(textFrame(member.head, group.newest));
      if (full) {
        member.waits = true;
        void full.then(() => {
          member.waits = false;
          if (group.members.has(member)) show(group, member);
        });
        return;
      }
    }
    if (group.over) {
      group.members.delete(member);
      member.finish(group.over.error);
    }
  }

  function remove(group: Group): void {
    if (groups.get(group.key) === group) groups.delete(group.key);
  }

  function leave(group: Group, member: Member): void {
    if (!group.members.delete(member) || group.members.size > 0 || group.over) return;
    remove(group);
    group.close();
  }

  return {
    /**
     * Joins the watchers who share `key`, which must stand for the same answers to all of them, or is the first of them. The present
     * comes at once, then what is newer.
     */
    async subscribe(key: string, args: ExecutionArgs, { link, id }: Delivery): Promise<Subscriber | ExecutionResult> {
      const group = groups.get(key) ?? open(key, args);
      let asking: PromiseWithResolvers<IteratorResult<never>> | null = null;
      let ended: { error?: unknown } | null = null;
      const done = { done: true, value: undefined } as const;

      const member: Member = {
        link,
        head: Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`),
        shown: 0,
        waits: false,
        finish(error) {
          ended = { error };
          if (error === undefined) asking?.resolve(done);
          else asking?.reject(error);
        },
      };
      group.members.add(member);
      const subscriber: Subscriber = {
        next() {
          if (ended) return ended.error === undefined ? Promise.resolve(done) : Promise.reject(ended.error);
          asking = Promise.withResolvers();
          return asking.promise;
        },
        return() {
          leave(group, member);
          ended ??= {};
          asking?.resolve(done);
          return Promise.resolve(done);
        },
        throw(error) {
          leave(group, member);
          return Promise.reject(error);
        },
        [Symbol.asyncIterator]() {
          return subscriber;
        },
      };
      let refused: ExecutionResult | null;
      try {
        refused = await group.opening;
      } catch (error) {
        leave(group, member);
        throw error;
      }
      if (refused) {
        leave(group, member);
        return refused;
      }
      show(group, member);
      return subscriber;
    },

    /** Of this process, for tests and figures. */
    groups: () => groups.size,
  };
}
