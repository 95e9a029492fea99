import type { SpaceId } from './ids.ts';
import type { Submitter } from './job.ts';
import type { Instant } from './json.ts';

/** What somebody showed to be let in; revoking it ends what it opened. */
export interface Credential {
  kind: 'session' | 'token' | 'jwt';
  id: string;
  /** Null: it does not run out. */
  expiresAt: Instant | null;
}

/** Who is asking. */
export interface Viewer extends Submitter {
  /** The account of a person, or of a person's script; null for visitors, apps and reporters. */
  account: string | null;
  /** The only spaces an app may serve; null where that does not matter. */
  spaces: readonly SpaceId[] | null;
  /** What the ids of a reporter's jobs must begin with; null: anything. */
  prefix: string | null;
  /** Null: nobody signed in. */
  credential: Credential | null;
}

/** The part of a viewer that jobs remember. */
export const submitterOf = ({ id, name, role }: Submitter): Submitter => ({ id, name, role });

export const visitor = (id: string): Viewer => ({
  id,
  name: 'Visitor',
  role: 'ANONYMOUS',
  account: null,
  spaces: null,
  prefix: null,
  credential: null,
});

/** Everybody, where access is open: whoever reaches the server administers it. */
export const ANYBODY: Viewer = Object.freeze({
  ...visitor('anonymous'),
  name: 'Anonymous',
  role: 'ADMIN',
});

/** Sees everything: what many watch is read once under its eyes, and then shown to each who may see it. */
export const SYSTEM: Viewer = Object.freeze({ ...ANYBODY, id: 'system', name: 'Spacedock' });
