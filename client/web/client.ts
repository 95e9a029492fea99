import { createUrqlClient } from '../sdk/urql.ts';

/** Whom the page is shown to: an id, or `visitor`; null until the server has said it. */
let viewer: string | null = null;

/** From now on the server does nothing in the name of anybody else that this page asks for. */
export function showTo(who: string): void {
  viewer = who;
}

/** Goes to a page as somebody else, from the beginning. */
export function leaveFor(path: string): void {
  const before = viewer;
  viewer = null;
  // Whoever is asked whether to leave may stay.
  setTimeout(() => {
    viewer ??= before;
  }, 5000);
  // A browser may keep the page as it is, for whoever goes back to it.
  addEventListener('pageshow', ({ persisted }) => persisted && location.reload());
  location.assign(path);
}

/** The server that served the page; the browser's cookie says who asks. */
export const client = createUrqlClient({
  url: '/',
  eventStreams: true,
  async fetch(input, init) {
    if (viewer === null) return fetch(input, init);
    const headers = new Headers(init?.headers);
    headers.set('spacedock-viewer', viewer);
    const response = await fetch(input, { ...init, headers });
    if (response.status !== 401) return response;
    // It is somebody else's by now, who is to see nothing of before.
    if (viewer !== null) location.reload();
    return new Promise<never>(() => {});
  },
});
