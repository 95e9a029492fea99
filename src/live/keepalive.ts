import type { SocketLink } from './link.ts';

/** Asking all sockets for a sign of life at once would hold up everything else: each has one of so many turns. */
const TURNS = 10;

export type Keepalive = ReturnType<typeof createKeepalive>;

/** The open sockets, each of which is asked for a sign of life every `everyMs`. */
export function createKeepalive(everyMs: number) {
  const turns = Array.from({ length: TURNS }, () => new Set<SocketLink>());
  let joined = 0;
  let turn = 0;
  const timer = setInterval(() => {
    turn = (turn + 1) % TURNS;
    for (const link of turns[turn]!) link.keepalive();
  }, everyMs / TURNS);
  timer.unref();

  return {
    /** Returns what takes it out again. */
    add(link: SocketLink): () => void {
      const those = turns[joined++ % TURNS]!;
      those.add(link);
      return () => void those.delete(link);
    },
    all: (): SocketLink[] => turns.flatMap((some) => [...some]),
    stop: () => clearInterval(timer),
  };
}
