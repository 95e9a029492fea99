import type { ExecutionArgs, ExecutionResult } from 'graphql';
import { follow } from '../service/stream.ts';
import { type Mask, nextHead, nextTail, textFrame } from './frame.ts';
import type { SocketLink } from './link.ts';
import { answer, isWithoutStorage, openSource } from './patient.ts';
import { type Answering, answering } from './plan.ts';
import { createSubscriber, type Subscriber } from './subscriber.ts';

/** Who joins later than this after an event is told what is so by then: output grows and links age without an event. */
const FRESH_MS = 1000;

/**
 * What one watcher is given of an event that is the same for all: it, nothing (as if it had not happened), or an end with what is thrown.
 * May be asked again for the same event.
 */
export type Gate = (event: unknown) => 'show' | 'hide' | Error;

/** Where one watcher's frames go. */
export interface Delivery {
  link: SocketLink;
  /** Of its operation on that socket. */
  id: string;
  gate: Gate;
  /** The operation with this watcher's own eyes. */
  own: ExecutionArgs;
}

/** What a group executes for all its members, and what it reads the events with. */
export interface Shared {
  args: ExecutionArgs;
  source: ExecutionArgs;
}

/** Watchers of the same thing in the same words: one source, one execution and one text for each event, whatever their number. */
interface Group {
  key: string;
  args: ExecutionArgs;
  ask: Answering;
  source: ExecutionArgs;
  members: Set<Member>;
  event: unknown;
  /** The newest event as the end of a Next: its payload, and the brace that closes it. Null: none yet. */
  newest: Buffer | null;
  /** When `newest` was so. */
  freshAt: number;
  /** Under way for those who join late. */
  refreshing: Promise<void> | null;
  /** Counts the events. */
  version: number;
  /** Null: it goes on. */
  over: { error?: unknown } | null;
  close(): void;
  /** Resolves when the source is open, or with the answer that there is none. */
  opening: Promise<ExecutionResult | null>;
}

interface Member {
  group: Group;
  link: SocketLink;
  gate: Gate;
  own: ExecutionArgs;
  /** It watches by itself, as it may see less than others. */
  alone: boolean;
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

export function createBroadcast({ mask }: { mask: Mask }) {
  const groups = new Map<string, Group>();
  let serial = 0;

  function open(key: string, { args, source }: Shared): Group {
    const group: Group = {
      key,
      args,
      ask: answering(args),
      source,
      members: new Set(),
      event: undefined,
      newest: null,
      freshAt: 0,
      refreshing: null,
      version: 0,
      over: null,
      close: () => undefined,
      opening: Promise.resolve(null),
    };
    groups.set(key, group);
    group.opening = begin(group);
    return group;
  }

  async function begin(group: Group): Promise<ExecutionResult | null> {
    const source = await openSource(group.source);
    if (!(Symbol.asyncIterator in source)) {
      remove(group);
      return source;
    }
    const events = source[Symbol.asyncIterator]();
    group.close = () => void Promise.resolve(events.return?.()).catch(() => undefined);
    if (group.members.size === 0) group.close();
    follow(events, {
      take: (event) => tell(group, event),
      end: (error) => conclude(group, error),
    });
    return null;
  }

  function keep(group: Group, result: ExecutionResult): void {
    group.newest = nextTail(result, mask);
    group.freshAt = performance.now();
  }

  /** Once for all who join meanwhile. What is known stays while the storage is away, or when a newer event was faster. */
  async function refresh(group: Group): Promise<void> {
    const { version } = group;
    const result = await group.ask(group.event);
    if (group.version === version && !isWithoutStorage(result)) keep(group, result);
  }

  /** One execution at a time; the source holds the newest meanwhile, so none overtakes another. */
  function tell(group: Group, event: unknown): Promise<void> | undefined {
    const result = answer(group.ask, event, () => group.members.size > 0);
    if ('then' in result) return result.then((later) => told(group, event, later));
    told(group, event, result);
    return undefined;
  }

  function told(group: Group, event: unknown, result: ExecutionResult): void {
    keep(group, result);
    group.event = event;
    group.version++;
    for (const member of group.members) show(group, member);
  }

  function conclude(group: Group, error: unknown): void {
    group.over = { error };
    remove(group);
    for (const member of group.members) show(group, member);
  }

  /** Brings the member up to date, as far as its socket takes it. */
  function show(group: Group, member: Member): void {
    if (member.waits || !group.members.has(member)) return;
    const given = group.version === 0 ? 'show' : member.gate(group.event);
    if (given === 'hide') {
      if (!member.alone) void part(member);
      return;
    }
    if (given !== 'show') {
      leave(member);
      member.finish(given);
      return;
    }
    if (group.newest !== null && member.shown < group.version) {
      const room = member.link.room();
      if (room) {
        member.waits = true;
        void room.then(() => {
          member.waits = false;
          show(member.group, member);
        });
        return;
      }
      member.shown = group.version;
      member.link.sendFrame(textFrame(member.head, group.newest));
    }
    if (group.over) {
      group.members.delete(member);
      member.finish(group.over.error);
    }
  }

  function remove(group: Group): void {
    if (groups.get(group.key) === group) groups.delete(group.key);
  }

  function leave(member: Member): void {
    const { group } = member;
    if (!group.members.delete(member) || group.members.size > 0 || group.over) return;
    remove(group);
    group.close();
  }

  /** Who may not see what the others see goes on with its own eyes: its rights and what it watches may become others again. */
  async function part(member: Member): Promise<void> {
    leave(member);
    member.alone = true;
    member.shown = 0;
    const { own } = member;
    member.group = open(`alone ${++serial}`, { args: own, source: own });
    try {
      const refused = await enter(member);
      if (refused) member.finish(refused.errors?.[0]);
    } catch (error) {
      member.finish(error);
    }
  }

  /** Resolves with the answer that there is nothing to watch, if so. */
  async function enter(member: Member): Promise<ExecutionResult | null> {
    const { group } = member;
    group.members.add(member);
    try {
      const refused = await group.opening;
      if (refused) {
        leave(member);
        return refused;
      }
      if (group.newest !== null && performance.now() - group.freshAt > FRESH_MS) {
        group.refreshing ??= refresh(group).finally(() => {
          group.refreshing = null;
        });
        await group.refreshing;
      }
    } catch (error) {
      leave(member);
      throw error;
    }
    show(group, member);
    return null;
  }

  return {
    /**
     * Joins the watchers who share `key`, which must stand for the same answers to all of them, or is the first of them. The present
     * comes at once, then what is newer.
     */
    async subscribe(
      key: string,
      shared: Shared,
      { link, id, gate, own }: Delivery,
    ): Promise<Subscriber | ExecutionResult> {
      const group = groups.get(key) ?? open(key, shared);
      const { subscriber, finish } = createSubscriber(() => leave(member));
      const head = nextHead(id);
      const member: Member = { group, link, gate, own, alone: false, head, shown: 0, waits: false, finish };
      try {
        return (await enter(member)) ?? subscriber;
      } catch (error) {
        finish(error);
        return subscriber;
      }
    },

    /** What watchers may see has changed without an event. */
    reconsider(): void {
      for (const group of groups.values()) for (const member of [...group.members]) show(group, member);
    },

    /** Of this process, for tests and figures. */
    groups: () => groups.size,
  };
}
