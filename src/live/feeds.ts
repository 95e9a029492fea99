import { type SpaceId, TRACKED_PARTITIONS } from '../domain/ids.ts';
import { type Job, type JobStatus, jobStatuses } from '../domain/job.ts';
import type { Instant } from '../domain/json.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Viewer } from '../domain/viewer.ts';
import type { Engine, Unlisten } from '../engine/engine.ts';
import { cursorOf } from '../engine/engine.ts';
import { denied, isAdmin, seesJob, seesSpace } from '../service/permissions.ts';
import { SPACES_TOPIC, type Spaces } from '../service/spaces.ts';
import type { Counters } from '../service/stats.ts';
import { createStream, type Stream } from '../service/stream.ts';
import { spaceDeleted } from './connection-watch.ts';
import { patiently } from './patient.ts';

/** Jobs of a feed that wait for a slow reader; each is there once, as it is by then. */
const MAX_FEED = 10_000;
/** After an outage so many jobs that go on are looked at, and so many that have ended, the newest first. */
const MAX_MISSED = 1000;
const PAGE = 100;
/** How long it may take until an outage is noticed: what changed so long before it is told again. */
const UNNOTICED_MS = 30_000;
const LOOK_MS = 1000;

const ENDED: JobStatus[] = ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'];
const GOES_ON = jobStatuses.filter((status) => !ENDED.includes(status));

interface Feed {
  /** Null: all of them. */
  space: SpaceId | null;
  viewer: Viewer;
  stream: Stream<Job>;
  /** Hears of the partition, too; once each. */
  follow(partition: string): Promise<void>;
  hear(job: Job): void;
}

export interface FeedsParts {
  engine: Engine;
  spaces: Spaces;
  counters: Counters;
  onError(error: unknown): void;
}

/** All jobs of a space, or of all of them, as they change. */
export function createFeeds({ engine, spaces, counters, onError }: FeedsParts) {
  const feeds = new Set<Feed>();
  let heardAt = engine.now();
  const looking = setInterval(() => {
    if (engine.health().ready) heardAt = engine.now();
  }, LOOK_MS);
  looking.unref();

  // What changed while messages were lost is looked for.
  engine.onReady(() => {
    const since = heardAt - UNNOTICED_MS;
    for (const space of new Set([...feeds].map((feed) => feed.space))) {
      const behind = [...feeds].filter((feed) => feed.space === space);
      patiently(
        () => catchUp(space, behind, since),
        () => behind.some((feed) => feeds.has(feed)),
      ).catch(onError);
    }
  });

  async function partitionsOf(space: SpaceId | null): Promise<string[]> {
    return space === null ? [...(await spaces.all()).map(({ id }) => id), ...TRACKED_PARTITIONS] : [space];
  }

  /** A feed of a space ends that is no more, or not its viewer's to see. */
  async function confirm({ space, viewer, stream }: Feed): Promise<void> {
    if (space !== null && !(await spaces.findFor(viewer, space))) stream.fail(spaceDeleted(space));
  }

  async function catchUp(space: SpaceId | null, behind: Feed[], since: Instant): Promise<void> {
    for (const feed of behind) await confirm(feed);
    const partitions = await partitionsOf(space);
    for (const { follow } of behind) await Promise.all(partitions.map(follow));
    // What is heard meanwhile is newer than what is read.
    const heard = new Map<string, number>();
    const unlistens = await Promise.all(
      partitions.map((partition) => engine.bus.listenJobs(partition, ({ id, revision }) => heard.set(id, revision))),
    );
    try {
      for (const statuses of [GOES_ON, ENDED]) {
        let after: string | null = null;
        for (let seen = 0; seen < MAX_MISSED; seen += PAGE) {
          const jobs: Job[] = await engine.jobs.list(partitions, statuses, after, PAGE);
          for (const job of jobs) {
            if (job.updatedAt < since || job.revision < (heard.get(job.id) ?? 0)) continue;
            for (const { hear } of behind) hear(job);
          }
          if (jobs.length < PAGE) break;
          after = cursorOf(jobs.at(-1)!);
        }
      }
    } finally {
      for (const unlisten of unlistens) unlisten();
    }
  }

  return {
    /**
     * Every job of a space that the viewer sees as it changes, until the space is deleted; of all spaces, also later ones, and tracked
     * jobs, if null, for administrators. A slow reader skips to a job's latest. After an outage come the jobs that changed meanwhile,
     * as they are then.
     */
    async open(space: SpaceId | null, viewer: Viewer): Promise<Stream<Job>> {
      if (space === null && !isAdmin(viewer)) throw denied(viewer, 'Watching every job; name a space', 'space');
      const one = space === null ? null : (await spaces.require(space, 'space', viewer)).id;
      const unlistens: Unlisten[] = [];
      const followed = new Set<string>();
      let closed = false;
      const stream: Stream<Job> = createStream<Job>({
        keyOf: (job) => job.id,
        limit: MAX_FEED,
        onOverflow: () => new Refusal('RATE_LIMITED', 'More jobs change than this subscription reads; subscribe again'),
        onClose: () => {
          closed = true;
          counters.watchers--;
          feeds.delete(feed);
          for (const unlisten of unlistens) unlisten();
        },
      });
      const keep = (unlisten: Unlisten) => {
        if (closed) unlisten();
        else unlistens.push(unlisten);
      };
      const feed: Feed = {
        space: one,
        viewer,
        stream,
        hear: (job) => {
          if (seesJob(viewer, job)) stream.push(job);
        },
        follow: async (partition) => {
          if (closed || followed.has(partition)) return;
          followed.add(partition);
          try {
            keep(await engine.bus.listenJobs(partition, feed.hear));
          } catch (error) {
            followed.delete(partition);
            throw error;
          }
        },
      };
      counters.watchers++;
      feeds.add(feed);
      try {
        if (one !== null) {
          keep(await engine.bus.listenSpace(one, ({ type }) => type === 'deleted' && stream.fail(spaceDeleted(one))));
        } else {
          keep(await engine.bus.listen(SPACES_TOPIC, (id) => void feed.follow(id as SpaceId).catch(onError)));
        }
        await Promise.all((await partitionsOf(one)).map(feed.follow));
        await confirm(feed);
      } catch (error) {
        await stream.return?.();
        throw error;
      }
      return stream;
    },

    /** Something of the space itself has changed. */
    look(space: SpaceId): void {
      const found = spaces.atHand(space);
      // Of one that is deleted there are changes to come, and then the word of it.
      if (!found) return;
      for (const feed of [...feeds]) {
        if (feed.space === space && !seesSpace(feed.viewer, found)) feed.stream.fail(spaceDeleted(space));
      }
    },

    stop: (): void => clearInterval(looking),
  };
}
