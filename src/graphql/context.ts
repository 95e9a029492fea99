import type { Watch } from '../live/watch.ts';
import type { AppLink } from '../service/app-session.ts';
import { type Viewer, viewerOf } from '../service/identity.ts';
import type { Services } from '../service/services.ts';

/** What every resolver gets, over HTTP, SSE and WebSocket alike. */
export interface Context {
  services: Services;
  watch: Watch;
  viewer: Viewer;
  /** The socket the operation came by; null over HTTP and SSE. */
  link: AppLink | null;
}

export const createContext = (
  services: Services,
  watch: Watch,
  authorization: string | undefined,
  link: AppLink | null,
): Context => ({ services, watch, viewer: viewerOf(authorization), link });
