import type { Cancellation, JobError, JobEvent, JobInput, StoredFile } from '../../domain/job.ts';
import type { WaitRange } from '../../domain/queue.ts';
import type { OutputChunk } from '../../engine/engine.ts';
import { builder } from '../builder.ts';
import { JobStatusType } from './enums.ts';

/** A stored file knows by its job where it lies. */
type FileOfJob = StoredFile & { job: string };

export const StoredFileType = builder.objectRef<FileOfJob>('StoredFile').implement({
  description: 'A file of a job. It is deleted with the job.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Another for each file.' }),
    name: t.exposeString('name', {
      description: 'As the sender called it, without what could make a path or another name of it.',
    }),
    type: t.exposeString('type', { description: 'Its media type, as judged by its content.' }),
    size: t.exposeFloat('size', { description: 'In bytes.' }),
    url: t.string({
      description: 'Where to fetch it, with Range: signed and time-limited. A path is relative to the server.',
      resolve: ({ job, id }, _args, { services }) => services.files.link(job, id),
    }),
  }),
});

export const JobInputType = builder.objectRef<{ job: string; input: JobInput }>('JobInput').implement({
  description: 'What was submitted.',
  fields: (t) => ({
    prompt: t.string({ nullable: true, description: 'The prompt, if any.', resolve: ({ input }) => input.prompt }),
    parameters: t.field({
      type: 'JSON',
      nullable: true,
      description: 'The parameters, with the defaults of the space’s JSON Schema.',
      resolve: ({ input }) => input.parameters,
    }),
    files: t.field({
      type: [StoredFileType],
      description: 'The files.',
      resolve: ({ job, input }) => input.files.map((file) => ({ ...file, job })),
    }),
  }),
});

export const JobEventType = builder.objectRef<JobEvent>('JobEvent').implement({
  description: 'A change of status, stage or attempt.',
  fields: (t) => ({
    at: t.field({ type: 'DateTime', description: 'When it changed.', resolve: ({ at }) => at }),
    status: t.field({ type: JobStatusType, description: 'The status from then on.', resolve: ({ status }) => status }),
    stage: t.exposeString('stage', { nullable: true, description: 'The stage from then on.' }),
    message: t.exposeString('message', { nullable: true, description: 'In words.' }),
    attempt: t.exposeInt('attempt', { description: 'The attempt it belongs to; 0 before the first.' }),
  }),
});

export const JobErrorType = builder.objectRef<JobError>('JobError').implement({
  description: 'Why a job failed or timed out.',
  fields: (t) => ({
    code: t.exposeString('code', {
      description:
        'The app’s own code, or one of the server: APP_ERROR (the app gave none), APP_LOST (it went away, and no attempts remain), UNDELIVERABLE (no app took it, three times), TIMED_OUT.',
    }),
    message: t.exposeString('message', { description: 'In words.' }),
  }),
});

export const WaitRangeType = builder.objectRef<WaitRange>('WaitRange').implement({
  description:
    'How long a job is expected to wait, in seconds, from the quartiles of the space’s recent run times and its capacity.',
  fields: (t) => ({
    low: t.exposeFloat('low', { description: 'If things go well: the lower quartile.' }),
    high: t.exposeFloat('high', { description: 'If they do not: the upper quartile.' }),
  }),
});

export const CancellationType = builder.objectRef<Cancellation>('Cancellation').implement({
  description: 'How far a cancellation has come.',
  fields: (t) => ({
    requestedAt: t.field({
      type: 'DateTime',
      description: 'When someone asked.',
      resolve: ({ requestedAt }) => requestedAt,
    }),
    deliveredAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When the app was known to have heard it. Null: not yet, or there was none to tell.',
      resolve: ({ deliveredAt }) => deliveredAt,
    }),
    confirmedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was known to have stopped. Null: not yet, or the grace ran out first.',
      resolve: ({ confirmedAt }) => confirmedAt,
    }),
  }),
});

export const OutputChunkType = builder.objectRef<OutputChunk & { job: string }>('OutputChunk').implement({
  description: 'A piece of streamed output: whole characters.',
  fields: (t) => ({
    job: t.exposeID('job', { description: 'The job.' }),
    attempt: t.exposeInt('attempt', { description: 'The attempt it belongs to; each begins at offset 0.' }),
    offset: t.exposeFloat('offset', { description: 'UTF-8 bytes of the attempt before it.' }),
    end: t.exposeFloat('end', { description: 'UTF-8 bytes of the attempt up to its end: the next `after`.' }),
    text: t.exposeString('text', { description: 'The text.' }),
  }),
});
