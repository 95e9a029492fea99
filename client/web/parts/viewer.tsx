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
