import { KNOWN_STAGES } from '../../domain/tracked.ts';
import { builder } from '../builder.ts';
import { JobType } from './job.ts';

const job = 'The job reported on. An unknown tracked id begins with its first report.';
const lease =
  'The token of its lease, as RequestAssigned brought it. Required for an inference job, absent for a tracked one.';
const attempt =
  'The attempt this report belongs to, as startJob or the first report returned it. Of one that is over: LEASE_LOST, and nothing changes. Left out: whichever the job is at.';
const metadata = 'Whatever the worker wants to add; replaces what was there.';

const StartJobInput = builder.inputType('StartJobInput', {
  description: 'A tracked job: work done elsewhere, that its reporter tells of.',
  fields: (t) => ({
    id: t.id({ required: true, description: 'Your choice: 1 to 128 of the characters A-Z a-z 0-9 _ -.' }),
    title: t.string({ description: 'What it is, for people. At most 512 bytes.' }),
    private: t.boolean({
      description:
        'Only its owner and administrators may see it. Default: false; of one that is begun anew, as it was. False shows everybody what happened before, too.',
    }),
    restart: t.boolean({
      description:
        'Begin it anew, in a new attempt, if it is there already: when it has ended, or when its reporter went without a word.',
    }),
    silentSeconds: t.int({
      description:
        'Without a report for so long it times out. 1 to 604800; default: TRACKED_SECONDS of the server (3600).',
    }),
  }),
});

const ReportOutputInput = builder.inputType('ReportOutputInput', {
  description: 'A piece of output, as it comes: tokens, lines.',
  fields: (t) => ({
    job: t.id({ required: true, description: job }),
    lease: t.id({ description: lease }),
    attempt: t.int({ description: attempt }),
    offset: t.float({
      required: true,
      description:
        'UTF-8 bytes of this attempt sent before the text. A repeat is safe: what is known is not added again. A hole: OUTPUT_GAP, with the right offset as limit.',
    }),
    text: t.string({ required: true, description: 'What joins the output. A lone surrogate is refused.' }),
  }),
});

const ReportProgressInput = builder.inputType('ReportProgressInput', {
  description: 'How far the work is.',
  fields: (t) => ({
    job: t.id({ required: true, description: job }),
    lease: t.id({ description: lease }),
    attempt: t.int({ description: attempt }),
    stage: t.string({
      required: true,
      description: `What is being done, in a word of your own. Known to pages: ${KNOWN_STAGES.join(', ')}.`,
    }),
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
    attempt: t.int({ description: attempt }),
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
    attempt: t.int({ description: attempt }),
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
    attempt: t.int({ description: attempt }),
  }),
});

const report = 'The report.';

builder.mutationFields((t) => ({
  startJob: t.field({
    type: JobType,
    description:
      'Begins a tracked job. For users, reporters and administrators. ALREADY_EXISTS if there is one under the id, unless restart is set; asking again after a lost reply returns the job. The first report on an unknown id begins one, too.',
    args: { input: t.arg({ type: StartJobInput, required: true, description: 'What to begin.' }) },
    resolve: (_root, { input }, { services, viewer }) => services.reports.start(input, viewer),
  }),
  reportOutput: t.field({
    type: JobType,
    description:
      'Adds a piece of streamed output, under the rules of reportProgress. It raises no revision: watchers of jobOutput get it.',
    args: { input: t.arg({ type: ReportOutputInput, required: true, description: report }) },
    resolve: (_root, { input }, { services, viewer }) => services.reports.output(input, viewer),
  }),
  reportProgress: t.field({
    type: JobType,
    description:
      'Reports progress of a job: of an inference job the app that has its lease, of a tracked one whoever began it, and administrators. The reply shows whether it should stop (CANCELLING). LEASE_LOST: stop, it is not yours any more.',
    args: { input: t.arg({ type: ReportProgressInput, required: true, description: report }) },
    resolve: (_root, { input }, { services, viewer }) => services.reports.progress(input, viewer),
  }),
  reportComplete: t.field({
    type: JobType,
    description:
      'Reports the result: the job is COMPLETED. Sending the same again under the same lease, or of the same attempt, returns the job again.',
    args: { input: t.arg({ type: ReportCompleteInput, required: true, description: report }) },
    resolve: (_root, { input }, { services, viewer }) => services.reports.complete(input, viewer),
  }),
  reportFailure: t.field({
    type: JobType,
    description:
      'Reports a failure: the job is FAILED, or QUEUED again if it may be retried. Sending the same again under the same lease, or of the same attempt, returns the job again.',
    args: { input: t.arg({ type: ReportFailureInput, required: true, description: report }) },
    resolve: (_root, { input }, { services, viewer }) => services.reports.fail(input, viewer),
  }),
  reportCancelled: t.field({
    type: JobType,
    description: 'Reports that the worker has stopped as cancelJob asked: the job is CANCELLED.',
    args: { input: t.arg({ type: ReportCancelledInput, required: true, description: report }) },
    resolve: (_root, { input }, { services, viewer }) => services.reports.cancelled(input, viewer),
  }),
}));
