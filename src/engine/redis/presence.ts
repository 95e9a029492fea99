import type { Presence } from '../../domain/app.ts';
import type { HeldLease, PresenceStore } from '../engine.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

type App = [running: number, card: string, status: string, lastSeenAt: string, until: string];

export function presenceOf({ run }: Connection, keys: Keys): PresenceStore {
  return {
    async register(space, presence) {
      const { id, session, status, lastSeenAt, until } = presence;
      const card = JSON.stringify(presence);
      return held(await run('register', keys.base(space), id, session, card, status, lastSeenAt, until));
    },

    async renew(space, app, session, { status, lastSeenAt, until }, leases) {
      const named = leases.flatMap(({ job, token, confirmed = true }) => [job, token, confirmed ? 1 : 0]);
      const base = keys.base(space);
      const reply = await run<[string[], string[]] | null>(
        'renew',
        base,
        app,
        session,
        status,
        lastSeenAt,
        until,
        ...named,
      );
      return reply && { lost: reply[0], cancelling: reply[1] };
    },

    lose: async (space, app, session, until) => (await run('lose', keys.base(space), app, session, until)) === 1,

    leave: async (space, app, session) => held(await run('leave', keys.base(space), app, session)),

    async list(space) {
      type Reply = [changedAt: string | null, lastConnectedAt: string | null, ...apps: App[]];
      const [changedAt, lastConnectedAt, ...apps] = await run<Reply>('present', keys.base(space));
      return {
        apps: apps.map(presenceFrom),
        changedAt: changedAt === null ? null : Number(changedAt),
        lastConnectedAt: lastConnectedAt === null ? null : Number(lastConnectedAt),
      };
    },
  };
}

const presenceFrom = ([running, card, status, lastSeenAt, until]: App): Presence & { running: number } => ({
  ...(JSON.parse(card) as Presence),
  status: status as Presence['status'],
  lastSeenAt: Number(lastSeenAt),
  until: Number(until),
  running,
});

/** Leases told as job id, token and confirmed, one after the other. */
function held(reply: string[] | null): HeldLease[] | null {
  if (reply === null) return null;
  return Array.from({ length: reply.length / 3 }, (_, n) => ({
    job: reply[3 * n]!,
    token: reply[3 * n + 1]!,
    confirmed: reply[3 * n + 2] === '1',
  }));
}
