import { TRACKED_PARTITIONS } from '../../domain/ids.ts';
import { builder, PER_VIEWER } from '../builder.ts';
import { JobStatusType } from './enums.ts';
import { JobType } from './job.ts';
import { JobPageType, jobPage } from './page.ts';

const SubmitInferenceInput = builder.inputType('SubmitInferenceInput', {
  description: 'A request to a space.',
  fields: (t) => ({
    space: t.id({ required: true, description: 'The space.' }),
    prompt: t.string({ description: 'The prompt, where the space takes one.' }),
    parameters: t.field({ type: 'JSON', description: 'An object that fits the space’s JSON Schema.' }),
    files: t.field({ type: ['File'], description: 'Parts of a multipart request, or ids that POST /files returned.' }),
    idempotencyKey: t.string({
      description:
        'The same key from the same viewer returns the first job as long as it is kept; with another input: CONFLICT. 1 to 256 characters.',
    }),
    priority: t.int({ description: '-100 to 100, higher first, default 0; above 0 for administrators.' }),
  }),
});

builder.queryField('jobs', (t) =>
  t.field({
    type: JobPageType,
    ...PER_VIEWER,
    description: 'Your jobs, or all for an administrator, newest first. At most 100 a page.',
    args: {
      space: t.arg.id({ description: 'Only of this space.' }),
      status: t.arg({ type: [JobStatusType], description: 'Only with one of these statuses.' }),
      submitter: t.arg.id({
        description: 'Only of the viewer of this id: your own, or for an administrator anybody’s.',
      }),
      first: t.arg.int({ defaultValue: 50, description: 'How many, 1 to 100.' }),
      after: t.arg.string({ description: 'The endCursor of the page before.' }),
    },
    resolve: async (_root, { space, ...args }, { services, viewer }) => {
      const partitions =
        space == null
          ? [...(await services.spaces.all()).map(({ id }) => id), ...TRACKED_PARTITIONS]
          : [(await services.spaces.require(space, 'space', viewer)).id];
      return jobPage(services, viewer, partitions, args);
    },
  }),
);

const jobId = 'The job.';

builder.mutationFields((t) => ({
  submitInference: t.field({
    type: JobType,
    description:
      'Asks a space to work. Once this returns the job is not lost. SPACE_NOT_CONNECTED where no app is there and the space lets nothing wait for one, QUEUE_FULL where too much waits.',
    args: { input: t.arg({ type: SubmitInferenceInput, required: true, description: 'The request.' }) },
    resolve: (_root, { input }, { services, viewer, address }) => services.submission.submit(input, viewer, address),
  }),
  cancelJob: t.field({
    type: JobType,
    description:
      'Asks for the end of a job: a queued one ends at once, a running one when its app has stopped, or 10 s later. JOB_FINISHED if it ended otherwise. For its submitter and administrators.',
    args: { id: t.arg.id({ required: true, description: jobId }) },
    resolve: (_root, { id }, { services, viewer }) => services.jobs.cancel(id, viewer),
  }),
  retryJob: t.field({
    type: JobType,
    description:
      'Submits the input of a finished job again, as a new job. For its submitter and administrators. CONFLICT if it goes on.',
    args: { id: t.arg.id({ required: true, description: jobId }) },
    resolve: (_root, { id }, { services, viewer, address }) => services.submission.retry(id, viewer, address),
  }),
}));
