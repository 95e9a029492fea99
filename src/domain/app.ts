import { createHash } from 'node:crypto';
import type { AppId, SpaceId } from './ids.ts';
import type { Instant } from './json.ts';
import { type AppCard, type LeaseTimes, leaseUntil } from './lease.ts';
import { badInput } from './refusal.ts';

export const connectionStatuses = ['CONNECTED', 'RECONNECTING', 'DISCONNECTED'] as const;
export type ConnectionStatus = (typeof connectionStatuses)[number];

/** A remote app's presence in one space, as an engine keeps it. */
export interface Presence extends AppCard {
  /** All spaces of its registration. */
  spaces: SpaceId[];
  /** Leases at most at a time. 0: it finishes what it holds and gets nothing new. */
  capacity: number;
  /** Grows with every registration of the same app: what carries an older one is a no-op. */
  session: number;
  status: 'CONNECTED' | 'RECONNECTING';
  connectedAt: Instant;
  lastSeenAt: Instant;
  /** When the leases and the presence end, unless renewed. */
  until: Instant;
}

export const MAX_CAPACITY = 1000;
export const MAX_SPACES = 100;

/** The identity of an app over its reconnects: who it signed in as, and the instance it chose. */
export const appId = (owner: string, instance: string): AppId =>
  `app_${createHash('sha256')
    .update(JSON.stringify([owner, instance]))
    .digest('base64url')
    .slice(0, 22)}`;

/**
 * What a presence means now. One that is not renewed is RECONNECTING as soon as two keepalives have passed, whoever was to renew it:
 * the process that held it may be gone.
 */
export function statusAt(presence: Presence, now: Instant, times: LeaseTimes): ConnectionStatus {
  if (now >= presence.until) return 'DISCONNECTED';
  if (presence.status === 'RECONNECTING') return 'RECONNECTING';
  return presence.until - now < times.graceMs ? 'RECONNECTING' : 'CONNECTED';
}

/** When `statusAt` next changes by time alone. */
export const nextChange = (presence: Presence, now: Instant, times: LeaseTimes): Instant =>
  statusAt(presence, now, times) === 'CONNECTED' ? presence.until - times.graceMs + 1 : presence.until;

export interface Registration {
  instance: string;
  name: string;
  version: string | null;
  spaces: SpaceId[];
  capacity: number;
}

/** A new presence, or a refusal that names the field. */
export function register(
  owner: string,
  input: Registration,
  session: number,
  now: Instant,
  times: LeaseTimes,
): Presence {
  const { instance, name, version, spaces, capacity } = checkRegistration(input);
  return {
    id: appId(owner, instance),
    owner,
    name,
    version,
    spaces,
    capacity,
    session,
    status: 'CONNECTED',
    connectedAt: now,
    lastSeenAt: now,
    until: leaseUntil(now, times),
  };
}

export function checkRegistration(input: Registration): Registration {
  const spaces = [...new Set(input.spaces)];
  if (!/^[\x21-\x7e]{1,128}$/.test(input.instance)) {
    throw badInput('input.instance', 'must be 1 to 128 printable characters without spaces', 128);
  }
  if (input.name.length === 0 || input.name.length > 128)
    throw badInput('input.name', 'must be 1 to 128 characters', 128);
  if ((input.version?.length ?? 0) > 64) throw badInput('input.version', 'at most 64 characters', 64);
  if (spaces.length === 0) throw badInput('input.spaces', 'must name at least one space');
  if (spaces.length > MAX_SPACES) throw badInput('input.spaces', `at most ${MAX_SPACES} spaces`, MAX_SPACES);
  if (!Number.isInteger(input.capacity) || input.capacity < 0 || input.capacity > MAX_CAPACITY) {
    throw badInput('input.capacity', `must be a whole number from 0 to ${MAX_CAPACITY}`, MAX_CAPACITY);
  }
  return { ...input, spaces };
}
