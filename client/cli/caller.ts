import type { TokenSource, VisitorMemory } from '../sdk/index.ts';
import { keptSession, visitorMemory } from './credentials.ts';
import { setHints } from './problem.ts';

export const DEFAULT_URL = 'http://127.0.0.1:4000';

/** What a command needs behind it to find the same server. */
export const atUrl = (url: string): string => (url === DEFAULT_URL ? '' : ` --url ${url}`);

/** As whom a command talks to a server: by what it was given, by the session that `login` kept, or as a visitor. */
export type Caller =
  | { from: '--token' | 'SPACEDOCK_TOKEN'; url: string; token: string }
  | { from: 'session'; url: string; token: string; name: string }
  | { from: 'visitor'; url: string; visitor: VisitorMemory };

/** `--token`, else SPACEDOCK_TOKEN, else the session that is kept for this server, else a visitor, who is kept, too. */
export function callerOf({ url, token }: { url: string; token?: string }): Caller {
  const caller = choose(url, token?.trim());
  setHints(hintsFor(caller));
  return caller;
}

function choose(url: string, token: string | undefined): Caller {
  if (token) return { from: token === process.env.SPACEDOCK_TOKEN?.trim() ? 'SPACEDOCK_TOKEN' : '--token', url, token };
  const session = keptSession(url);
  if (session) return { from: 'session', url, token: session.token, name: session.name };
  return { from: 'visitor', url, visitor: visitorMemory(url) };
}

/** What to do about a refusal. */
function hintsFor(caller: Caller): Partial<Record<string, string>> {
  const login = `spacedock login${atUrl(caller.url)}`;
  switch (caller.from) {
    case 'visitor':
      return {
        UNAUTHENTICATED: `Sign in with: ${login}\nA program comes with a token, in SPACEDOCK_TOKEN or --token: spacedock token create --help`,
      };
    case 'session':
      return {
        UNAUTHENTICATED: `Your session is over, or has no right to this any more. Sign in again with: ${login}`,
        FORBIDDEN: `You are signed in as ${caller.name}. Ask an administrator, or sign in as one with: ${login}`,
      };
    default:
      return {
        UNAUTHENTICATED: `What ${caller.from} gives is unknown, expired or revoked. Make another with: spacedock token create`,
        FORBIDDEN: `The token of ${caller.from} does not allow this: ask an administrator for one that does.`,
      };
  }
}

/** What the SDK is to be given for it. */
export function signInOf(server: { url: string; token?: string }): { token?: TokenSource; visitor?: VisitorMemory } {
  const caller = callerOf(server);
  return caller.from === 'visitor' ? { visitor: caller.visitor } : { token: caller.token };
}
