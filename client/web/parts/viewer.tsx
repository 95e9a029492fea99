import { createContext, type ReactNode, useContext } from 'react';
import { useQuery } from 'urql';
import type { ViewerQuery } from '../gql/graphql.ts';
import { graphql } from '../gql/index.ts';

type Viewer = ViewerQuery['viewer'];

const ViewerContext = createContext<Viewer | null>(null);

const viewerQuery = graphql(`query Viewer { viewer { id name role } }`);

/** Who looks at the pages. Whoever signs in or out loads them anew, so that nothing of before is left. */
export function ViewerProvider({ children }: { children: ReactNode }) {
  const [{ data }] = useQuery({ query: viewerQuery });
  return <ViewerContext value={data?.viewer ?? null}>{children}</ViewerContext>;
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
