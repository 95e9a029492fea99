import type { Instant } from '../domain/json.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Watch } from '../live/watch.ts';
import type { AppLink } from '../service/app-session.ts';
import type { Services } from '../service/services.ts';

/** How a browser is told to remember who is signed in. */
export interface SessionCookie {
  set(secret: string, expiresAt: Instant): void;
  clear(): void;
}

/** Who asks, and over what. */
export interface Asker {
  viewer: Viewer;
  /** The address it comes from, as far as is known. */
  address: string | null;
  /** The socket the operation came by; null over HTTP and SSE. */
  link: AppLink | null;
  /** Null over WebSocket. */
  cookie: SessionCookie | null;
}

/** What every resolver gets, over HTTP, SSE and WebSocket alike. */
export interface Context extends Asker {
  services: Services;
  watch: Watch;
}
