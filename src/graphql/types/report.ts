import { builder } from '../builder.ts';
import { JobType } from './job.ts';

const job = 'The job reported on.';
const lease = 'The token of its lease, as RequestAssigned brought it. Required for an inference job.';
const metadata = 'Whatever the worker wants to add; replaces what was there.';

const ReportProgressInput = builder.inputType('ReportProgressInput', {
  description: 'How far the work is.',
  fields: (t) => ({
    job: t.id({ required: true, description: job }),
    lease: t.id({ description: lease }),
    stage: t.string({ required: true, description: 'What is being done, in a word of your own.' }),
    progress: t.float({ description: '0 to 1. Left out: as it was.' }),
    message: t.string({ description: 'For people.' }),
    metadata: t.field({ type: 'JSON', description: metadata }),
  }),
});

const ReportCompleteInput = builder.inputType('ReportCompleteInput', {
  description: 'The work is done.',
  fields: (t) => ({
    job: t.id({ required: true, description: job }),
    lease: t.id({ description: lease }),
    result: t.field({ type: 'JSON', description: 'What came out.' }),
    files: t.field({
      type: ['File'],
      description: 'Files that came out: multipart, or ids that POST /files returned.',
    }),
    confidence: t.float({ description: '0 to 1: how sure the app is of its result.' }),
    message: t.string({ description: 'For people. Default: Job completed.' }),
    metadata: t.field({ type: 'JSON', description: metadata }),
  }),
});

const ReportFailureInput = builder.inputType('ReportFailureInput', {
  description: 'The work failed.',
  fields: (t) => ({
    job: t.id({ required: true, description: job }),
    lease: t.id({ description: lease }),
    error: t.string({ required: true, description: 'What went wrong, for people.' }),
    code: t.string({ description: 'For programs: 1 to 64 of A-Z a-z 0-9 _ . - Default: APP_ERROR.' }),
    stage: t.string({ description: 'Where it went wrong. Left out: as it was.' }),
    retryable: t.boolean({
      defaultValue: false,
      description: 'Whether another try may succeed: the job goes back to its place in the queue if attempts remain.',
    }),
    metadata: t.field({ type: 'JSON', description: metadata }),
  }),
});

const ReportCancelledInput = builder.inputType('ReportCancelledInput', {
  description: 'The work was stopped.',
  fields: (t) => ({
    job: t.id({ required: true, description: job }),
    lease: t.id({ description: lease }),
  }),
});

const report = 'The report.';

builder.mutationFields((t) => ({
  reportProgress: t.field({
    type: JobType,
    description:
      'Progress of a job. The reply shows whether it should stop (CANCELLING). LEASE_LOST: stop, it is not yours any more.',
    args: { input: t.arg({ type: ReportProgressInput, required: true, description: report }) },
    resolve: (_root, { input }, { services }) => services.reports.progress(input),
  }),
  reportComplete: t.field({
    type: JobType,
    description: 'The result. Sending the same again under the same lease returns the job again.',
    args: { input: t.arg({ type: ReportCompleteInput, required: true, description: report }) },
    resolve: (_root, { input }, { services }) => services.reports.complete(input),
  }),
  reportFailure: t.field({
    type: JobType,
    description: 'A failure. Sending the same again under the same lease returns the job again.',
    args: { input: t.arg({ type: ReportFailureInput, required: true, description: report }) },
    resolve: (_root, { input }, { services }) => services.reports.fail(input),
  }),
  reportCancelled: t.field({
    type: JobType,
    description: 'The worker has stopped as asked.',
    args: { input: t.arg({ type: ReportCancelledInput, required: true, description: report }) },
    resolve: (_root, { input }, { services }) => services.reports.cancelled(input),
  }),
}));
