import { useEffect, useMemo, useState } from 'react';
import { type CombinedError, useSubscription } from 'urql';
import type { StatsPointFragment, StatsSubscription } from '../../../gql/graphql.ts';
import { graphql } from '../../../gql/index.ts';
import { useAsked } from '../parts/asked.ts';

export const pointFragment = graphql(`
  fragment StatsPoint on StatsPoint {
    at seconds submitted completed failed cancelled queued activeJobs activeConnections watchers runMs { p50 p95 }
  }
`);
const historyQuery = graphql(`query StatsHistory { stats { total { history { ...StatsPoint } } } }`);
// Of the history the newest alone, as it comes every second; two more in case that other processes were late.
const statsSubscription = graphql(`
  subscription Stats {
    stats {
      engine processes
      thisProcess { process }
      total {
        uptimeSeconds activeConnections activeJobs connectedApps watchers errors
        history(last: 3) { ...StatsPoint }
      }
      each { process uptimeSeconds activeConnections activeJobs connectedApps watchers messagesSent errors }
    }
  }
`);

export type Point = Omit<StatsPointFragment, 'at'> & { at: number };

const KEPT_MS = 10 * 60_000;

/** Figures as they come, and those of the last ten minutes: of before the page was opened, too. */
export function useStats(): {
  stats: StatsSubscription['stats'] | null;
  points: Point[];
  error: CombinedError | undefined;
} {
  const { data: past, error: noPast, refresh } = useAsked(historyQuery, {});
  const [{ data, error }] = useSubscription({ query: statsSubscription });
  const [known, setKnown] = useState<ReadonlyMap<string, StatsPointFragment>>(new Map());

  const before = past?.stats.total.history;
  useEffect(() => {
    if (before) setKnown((now) => join(before, [...now.values()]));
  }, [before]);

  const newest = data?.stats.total.history;
  useEffect(() => {
    if (!newest) return;
    setKnown((now) => join([...now.values()], newest));
  }, [newest]);

  // What came while nothing was heard, as of a laptop that slept, is asked for.
  const points = useMemo(() => sorted(known), [known]);
  const gap = points.findLast(({ at }, index) => index > 0 && at - points[index - 1]!.at > 5000)?.at;
  useEffect(() => {
    if (gap !== undefined) refresh();
  }, [gap, refresh]);

  return { stats: data?.stats ?? null, points, error: error ?? noPast };
}

/** By their time; of the same, the later given. */
function join(a: readonly StatsPointFragment[], b: readonly StatsPointFragment[]): Map<string, StatsPointFragment> {
  const all = new Map([...a, ...b].map((point) => [point.at, point]));
  const newest = Math.max(...[...all.keys()].map((at) => Date.parse(at)));
  for (const at of all.keys()) if (Date.parse(at) <= newest - KEPT_MS) all.delete(at);
  return all;
}

const sorted = (points: ReadonlyMap<string, StatsPointFragment>): Point[] =>
  [...points.values()].map((point) => ({ ...point, at: Date.parse(point.at) })).sort((a, b) => a.at - b.at);

/** What a value sums up to in the minute that ends with each point. */
export function perMinute(points: Point[], of: (point: Point) => number): number[] {
  return points.map(({ at }, index) => {
    let sum = 0;
    for (let one = index; one >= 0 && points[one]!.at > at - 60_000; one--) sum += of(points[one]!);
    return sum;
  });
}
