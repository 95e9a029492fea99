import type { TokenSource } from './connection.ts';
import { SpacedockError } from './errors.ts';

/**
 * Where the token of a visitor is kept: of somebody who is not signed in, and whom the server knows by it alone. With a place that
 * outlives the connection the same visitor comes again, and finds their jobs.
 */
export interface VisitorMemory {
  /** Undefined: no visitor yet. */
  read(): string | undefined;
  /** Undefined: the server does not know this visitor any more. */
  write(token: string | undefined): void;
}

/** What to send over HTTP; undefined: nothing. Rejects with a SpacedockError. */
export type Identify = () => Promise<{ authorization: string } | undefined>;

/** With what a client comes to a server: the token that it was given, or the visitor that the server made of it. */
export interface Credentials {
  /**
   * What to send now; undefined: nothing. Rejects with a SpacedockError: UNAUTHENTICATED for what cannot be a token, CONNECTION_LOST
   * where none could be got, which may be different the next time.
   */
  authorization: Identify;
  /** Whether who we are is settled: by what was given when `authorization` was asked last, or as the server has welcomed us. */
  readonly known: boolean;
  /** A connection was acknowledged: as a visitor's, if a session came along. */
  welcomed(session: unknown): void;
  /** What was sent is refused. True: it was a visitor's, and is forgotten; without it the server makes another. */
  forgotten(): boolean;
}

/** Who says nothing of themselves is known by a cookie, in a browser, as over the WebSocket. */
export const identified = (headers: { authorization: string } | undefined): RequestInit =>
  headers ? { headers } : { credentials: 'include' };

/** What goes into a header (RFC 9110, 5.6.2 and 11.2), and is no longer than the server reads. */
const SENDABLE = /^[\x21-\x7e]{1,8192}$/;

export function createCredentials(token: TokenSource | undefined, memory: VisitorMemory = inMind()): Credentials {
  let visiting = typeof token !== 'string';
  let welcome = false;

  return {
    async authorization() {
      const given = (await asked(token))?.trim();
      visiting = !given;
      const value = given || memory.read();
      if (!value) return undefined;
      if (SENDABLE.test(value)) return { authorization: `Bearer ${value}` };
      throw new SpacedockError(
        'UNAUTHENTICATED',
        'What is given as the token cannot be one: it has spaces, or characters that are not ASCII, in it.',
      );
    },
    get known() {
      return welcome || !visiting;
    },
    welcomed(session) {
      welcome = true;
      if (typeof session === 'string') memory.write(session);
    },
    forgotten() {
      if (!visiting || memory.read() === undefined) return false;
      memory.write(undefined);
      return true;
    },
  };
}

async function asked(token: TokenSource | undefined): Promise<string | undefined> {
  if (typeof token !== 'function') return token;
  try {
    return await token();
  } catch (error) {
    if (error instanceof SpacedockError) throw error;
    const why = error instanceof Error ? error.message : String(error);
    throw new SpacedockError('CONNECTION_LOST', `No token could be got: ${why}`, { cause: error });
  }
}

/** As long as the connection is kept. */
function inMind(): VisitorMemory {
  let kept: string | undefined;
  return {
    read: () => kept,
    write: (token) => {
      kept = token;
    },
  };
}
