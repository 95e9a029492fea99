import {
  type Connection,
  type JobSnapshot,
  type SpaceConnectionFragment,
  spaceConnectionSubscription,
  spaceQuery,
} from '../sdk/index.ts';
import { isOver } from './job-view.ts';
import { seconds } from './style.ts';

type Say = (line: string) => void;

/** Says once that the connection is lost, however often it is tried, and once that it is there again. Returns what ends that. */
export function tellConnection(server: Connection, say: Say): () => void {
  let lost = false;
  return server.onChange(({ type }) => {
    if (lost === (type === 'lost')) return;
    lost = !lost;
    say(lost ? 'connection lost, trying again' : 'connected again');
  });
}

/** Whether the app that a job needs is there, and else where the job waits for it. */
type Whereabouts = 'here' | 'away, job running' | 'away, job queued';

/** Says when the app that a job waits for, or that works on it, goes away and comes back. */
export function createAppNotices(server: Connection, say: Say, signal: AbortSignal) {
  let job: JobSnapshot | undefined;
  let state: SpaceConnectionFragment | undefined;
  let maxQueueSeconds: number | undefined;
  let last: Whereabouts = 'here';
  let following = false;

  function look(): void {
    const now = job && state && !isOver(job) ? whereabouts(job, state) : undefined;
    if (now === undefined || now === last) return;
    last = now;
    say(now === 'here' ? 'the app is back' : awayLine(now));
  }

  function awayLine(now: Whereabouts): string {
    const who = state?.lastConnectedAt === null ? 'no app has connected yet' : 'the app is away';
    if (now === 'away, job running') return `${who}; the job waits for it to come back`;
    const limit = maxQueueSeconds === undefined ? '' : ` up to ${seconds(maxQueueSeconds)}`;
    return `${who}; the job waits for it${limit}`;
  }

  async function follow(space: string): Promise<void> {
    for await (const { spaceConnection } of server.subscribe(spaceConnectionSubscription, { space }, { signal })) {
      maxQueueSeconds ??= await queueLimit(space);
      state = spaceConnection;
      look();
    }
  }

  async function queueLimit(space: string): Promise<number | undefined> {
    const answer = await server.request(spaceQuery, { id: space }).catch(() => undefined);
    return answer?.space?.policy.maxQueueSeconds;
  }

  return {
    show(next: JobSnapshot): void {
      job = next;
      look();
      if (following || !job.space || isOver(job)) return;
      following = true;
      // A courtesy: the job is followed also where its space may not be.
      follow(job.space.id).catch(() => {});
    },
  };
}

/** Undefined where the two snapshots do not tell: each may be a moment older than the other. */
function whereabouts(job: JobSnapshot, state: SpaceConnectionFragment): Whereabouts | undefined {
  if (job.status === 'QUEUED') return state.status === 'CONNECTED' ? 'here' : 'away, job queued';
  const app = state.apps.find(({ id }) => id === job.app?.id);
  return app && (app.status === 'CONNECTED' ? 'here' : 'away, job running');
}
