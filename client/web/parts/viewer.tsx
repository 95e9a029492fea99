import { createContext, type ReactNode, useCallback, useContext, useEffect } from 'react';
import { useQuery } from 'urql';
import { showTo } from '../client.ts';
import type { ViewerQuery } from '../gql/graphql.ts';
import { graphql } from '../gql/index.ts';
import { useComingBack } from './coming-back.ts';
import { useLast } from './last.ts';
import { ownerOf } from './owner.ts';

type Viewer = ViewerQuery['viewer'];

const ViewerContext = createContext<Viewer | null>(null);

const viewerQuery = graphql(`query Viewer { viewer { id name role } }`);

/**
 * Who looks at the pages. Whoever signs in or out loads them anew, so that nothing of before is left; so do the other tabs, which hear
 * of it from each other, and ask the server whenever they are looked at again or could have missed it.
 */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const [{ data }, ask] = useQuery({ query: viewerQuery });
  const viewer = useLast(data)?.viewer ?? null;
  const who = viewer && ownerOf(viewer);
  // The answer loads the page anew where it is somebody else's.
  const look = useCallback(() => ask({ requestPolicy: 'network-only' }), [ask]);
  useComingBack(look);
  useEffect(() => {
    if (who === null) return;
    showTo(who);
    const tabs = new BroadcastChannel('spacedock-viewer');
    tabs.postMessage(who);
    tabs.onmessage = ({ data: there }) => there !== who && look();
    return () => tabs.close();
  }, [who, look]);
  return <ViewerContext value={viewer}>{children}</ViewerContext>;
}

/** Null until the server has answered. */
export const useViewer = (): Viewer | null => useContext(ViewerContext);

/** Where one signs in and then comes back to the page that is shown now. */
export function signInPath(): string {
  const { pathname, search } = location;
  return pathname === '/' || pathname === '/sign-in'
    ? '/sign-in'
    : `/sign-in?return=${encodeURIComponent(pathname + search)}`;
}

/** Where the address says one wanted to: a path of these pages, never another site. */
export function returnPath(search: string): string {
  const wanted = new URLSearchParams(search).get('return') ?? '/';
  const url = URL.canParse(wanted, location.origin) ? new URL(wanted, location.origin) : null;
  return url?.origin === location.origin && wanted.startsWith('/') ? url.pathname + url.search : '/';
}
