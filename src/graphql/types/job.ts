import type { JobId, SpaceId } from '../../domain/ids.ts';
import { isFinished, type Job, keptUntil, processingTime } from '../../domain/job.ts';
import type { Place } from '../../service/connections.ts';
import { builder, PER_VIEWER_OF_SPACES } from '../builder.ts';
import type { Context } from '../context.ts';
import { RemoteAppType } from './app.ts';
import { JobStatusType } from './enums.ts';
import {
  CancellationType,
  JobErrorType,
  JobEventType,
  JobInputType,
  OutputChunkType,
  StoredFileType,
  WaitRangeType,
} from './job-parts.ts';
import { SpaceType } from './space.ts';
import { ViewerType } from './viewer.ts';

// What one turn of an execution asks of a space's queue is asked at once, however many jobs it shows.
const asked = new WeakMap<Context, Map<SpaceId, { ids: Set<JobId>; found: Promise<Map<JobId, Place>> }>>();

async function placeOf(job: Job, context: Context): Promise<Place | null> {
  if (job.status !== 'QUEUED' || job.space === null) return null;
  const { space } = job;
  const bySpace = asked.get(context) ?? new Map();
  asked.set(context, bySpace);
  let batch = bySpace.get(space);
  if (!batch) {
    const ids = new Set<JobId>();
    const look = async () => {
      await null;
      bySpace.delete(space);
      return context.services.connections.places(space, [...ids]);
    };
    batch = { ids, found: look() };
    bySpace.set(space, batch);
  }
  batch.ids.add(job.id);
  const place = (await batch.found).get(job.id) ?? null;
  if (place) context.watch.shown(job.id, place);
  return place;
}

export const JobType = builder.objectRef<Job>('Job');
JobType.implement({
  description:
    'One unit of work. An inference job belongs to a space and waits in its queue; a tracked job belongs to none, its reporter tells of it.',
  fields: (t) => ({
    id: t.exposeID('id', {
      description: 'Of an inference job: <space>.<uuid>; of a tracked one: whatever its reporter calls it.',
    }),
    space: t.field({
      type: SpaceType,
      nullable: true,
      ...PER_VIEWER_OF_SPACES,
      description: 'Null for a tracked job, and where you may not see the space any more.',
      resolve: ({ space }, _args, { services, viewer }) =>
        space === null ? null : services.spaces.findFor(viewer, space),
    }),
    status: t.field({ type: JobStatusType, description: 'Where it is in its life.', resolve: ({ status }) => status }),
    title: t.exposeString('title', { nullable: true, description: 'Of a tracked job, if its reporter gave one.' }),
    stage: t.string({
      nullable: true,
      description: 'What is being done, in the worker’s own word; `complete` at the end.',
      resolve: ({ progress }) => progress.stage,
    }),
    progress: t.float({ description: 'How far it is, 0 to 1.', resolve: ({ progress }) => progress.progress }),
    message: t.string({
      nullable: true,
      description: 'What the last report said.',
      resolve: ({ progress }) => progress.message,
    }),
    metadata: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What the worker added to its reports.',
      resolve: ({ progress }) => progress.metadata,
    }),
    events: t.field({
      type: [JobEventType],
      description: 'What happened, oldest first: the last hundred changes of status, stage and attempt.',
      resolve: ({ events }) => events,
    }),
    input: t.field({
      type: JobInputType,
      nullable: true,
      description: 'What was submitted. Null for a tracked job.',
      resolve: async (job, _args, { services }) => {
        const input = await services.jobs.input(job);
        return input && { job: job.id, input };
      },
    }),
    result: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What came out. Null unless completed.',
      resolve: (job) => (job.status === 'COMPLETED' ? job.result : null),
    }),
    files: t.field({
      type: [StoredFileType],
      description: 'The files that came out. Empty unless completed.',
      resolve: (job) => (job.status === 'COMPLETED' ? job.files.map((file) => ({ ...file, job: job.id })) : []),
    }),
    confidence: t.float({
      nullable: true,
      description: '0 to 1, as the remote app judged its own result.',
      resolve: (job) => (job.status === 'COMPLETED' ? job.confidence : null),
    }),
    error: t.field({
      type: JobErrorType,
      nullable: true,
      description: 'Why it failed or timed out.',
      resolve: (job) => (job.status === 'FAILED' || job.status === 'TIMED_OUT' ? job.error : null),
    }),
    priority: t.exposeInt('priority', { description: '-100 to 100, higher first.' }),
    queuePosition: t.int({
      nullable: true,
      description: '1 is next. Null unless queued.',
      resolve: async (job, _args, context) => (await placeOf(job, context))?.position,
    }),
    estimatedWait: t.field({
      type: WaitRangeType,
      nullable: true,
      description: 'Seconds until it is expected to start. Null unless queued and known.',
      resolve: async (job, _args, context) => (await placeOf(job, context))?.wait,
    }),
    attempt: t.exposeInt('attempt', {
      description: 'Which try it is, or which run of a tracked job; 0 before the first.',
    }),
    app: t.field({
      type: RemoteAppType,
      nullable: true,
      description: 'The remote app that works or last worked on it.',
      resolve: async (job, _args, { services }) => {
        if (!job.app || job.space === null) return null;
        const present = await services.connections.app(job.space, job.app.id);
        if (present) return present;
        const { startedAt } = 'startedAt' in job ? job : { startedAt: null };
        const at = startedAt ?? job.createdAt;
        // It has left: what the job remembers of it.
        return {
          ...job.app,
          status: 'DISCONNECTED' as const,
          spaces: [job.space],
          capacity: 0,
          running: 0,
          connectedAt: at,
          lastSeenAt: at,
        };
      },
    }),
    submitter: t.field({
      type: ViewerType,
      nullable: true,
      description: 'Who submitted it.',
      resolve: ({ submitter }) => submitter,
    }),
    cancellation: t.field({
      type: CancellationType,
      nullable: true,
      description: 'How far its cancellation has come. Null: nobody asked.',
      resolve: (job) => (job.status === 'CANCELLING' || job.status === 'CANCELLED' ? job.cancellation : null),
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was submitted.',
      resolve: ({ createdAt }) => createdAt,
    }),
    startedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When its present or last attempt began.',
      resolve: (job) => ('startedAt' in job ? job.startedAt : null),
    }),
    finishedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ended.',
      resolve: (job) => (isFinished(job) ? job.finishedAt : null),
    }),
    updatedAt: t.field({
      type: 'DateTime',
      description: 'When it last changed.',
      resolve: ({ updatedAt }) => updatedAt,
    }),
    keptUntil: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When a finished job is deleted.',
      resolve: keptUntil,
    }),
    processingTime: t.float({
      nullable: true,
      description: 'Milliseconds from start to finish. Null until finished.',
      resolve: processingTime,
    }),
    outputLength: t.float({
      description: 'UTF-8 bytes of streamed output of this attempt so far: the offset of the next report.',
      resolve: (job, _args, { services }) => services.reports.outputLength(job),
    }),
    revision: t.exposeInt('revision', { description: 'Its version: +1 with every change.' }),
  }),
});

builder.queryField('job', (t) =>
  t.field({
    type: JobType,
    nullable: true,
    description: 'A job by id; null if there is none, or it is not yours to see.',
    args: { id: t.arg.id({ required: true, description: 'Its id.' }) },
    resolve: (_root, { id }, { services, viewer }) => services.jobs.findFor(viewer, id),
  }),
);

builder.subscriptionFields((t) => ({
  jobUpdates: t.field({
    type: JobType,
    description:
      'The present snapshot, then newer revisions until the end; intermediate ones may be skipped, the end never. Completes when the job is finished, and for no other reason. An unknown tracked id waits for its first report.',
    args: { id: t.arg.id({ required: true, description: 'The job.' }) },
    subscribe: (_root, { id }, { watch, viewer }) => watch.job(id, viewer),
    resolve: (job) => job,
  }),
  jobOutput: t.field({
    type: OutputChunkType,
    description:
      'Streamed output from byte `after` of `attempt` (the current one if null), replayed then live, until the job ends. Another attempt begins at offset 0 and says so. OUTPUT_TRUNCATED: the log of that attempt is gone.',
    args: {
      id: t.arg.id({ required: true, description: 'The job.' }),
      after: t.arg.float({ defaultValue: 0, description: 'UTF-8 bytes that are known: the `end` of the last chunk.' }),
      attempt: t.arg.int({ description: 'The attempt of the last chunk that is known. Null: the current one.' }),
    },
    subscribe: (_root, { id, after, attempt }, { watch, viewer }) =>
      watch.output(id, after ?? 0, attempt ?? null, viewer),
    resolve: (chunk) => chunk,
  }),
  jobsChanged: t.field({
    type: JobType,
    description:
      'Every job of a space that you may see, as it changes; of all spaces, and tracked jobs, for an administrator who names none. Where the storage was away come, when it is back, the jobs that changed meanwhile, as they are then: of at most 1000 that go on and 1000 that have ended, the newest; some perhaps once more.',
    args: { space: t.arg.id({ description: 'The space. Left out: all of them, for administrators.' }) },
    subscribe: (_root, { space }, { watch, viewer }) => watch.jobs(space ?? null, viewer),
    resolve: (job) => job,
  }),
}));
