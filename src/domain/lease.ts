import type { AppId } from './ids.ts';
import type { Instant } from './json.ts';

/** The part of a remote app that a job remembers. */
export interface AppCard {
  id: AppId;
  name: string;
  version: string | null;
  /** The viewer it signed in as. */
  owner: string;
}

/** The right of one remote app to work on one job for a while. Its token fences every report. */
export interface Lease {
  token: string;
  app: AppCard;
  /** The registration that claimed it; see `Presence.session`. */
  session: number;
  claimedAt: Instant;
  /** The client is known to have the request: it answered the Ping sent after it, or reported under the lease. */
  confirmed: boolean;
}

/** What a claim writes beside a queued job: enough to know the running one (`assign`). */
export interface Claim {
  token: string;
  app: AppCard;
  session: number;
  at: Instant;
}

/** How long a lease that nobody confirmed lives. */
export const CLAIM_MS = 10_000;
/** How long a client has to answer the Ping that confirms a delivery, once the socket has taken the message. */
export const CONFIRM_MS = 5_000;
/** So many undelivered tries end a job as UNDELIVERABLE. */
export const MAX_UNDELIVERED = 3;
/** How long an app may take to stop after it was asked to. */
export const CANCEL_GRACE_SECONDS = 10;

export interface LeaseTimes {
  keepaliveMs: number;
  graceMs: number;
}

/** A confirmed lease, and a presence, outlives two missed keepalives and the grace. */
export const leaseUntil = (now: Instant, times: LeaseTimes): Instant => now + 2 * times.keepaliveMs + times.graceMs;
