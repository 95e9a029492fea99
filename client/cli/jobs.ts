import { type Command, InvalidArgumentError } from 'commander';
import { type Connection, type JobRowFragment, type JobStatus, jobRowsQuery } from '../sdk/index.ts';
import { isOver, situation } from './job-view.ts';
import { commaList, type ServerOptions, talksToServer, wholeNumber, withConnection } from './options.ts';
import { oneLine, printJson, seconds, table } from './style.ts';

interface JobsOptions extends ServerOptions {
  status?: JobStatus[];
  limit: number;
  json?: boolean;
}

/** Most jobs of one page of the API. */
const PAGE = 100;
const MOST = 10_000;
const PROGRESS_CHARS = 40;
const TITLE_CHARS = 50;

const STATUSES: readonly JobStatus[] = [
  'QUEUED',
  'RUNNING',
  'CANCELLING',
  'COMPLETED',
  'FAILED',
  'CANCELLED',
  'TIMED_OUT',
];

export function addJobsCommand(program: Command): void {
  talksToServer(program.command('jobs').argument('[space]', 'one space instead of all'))
    .description('list jobs, newest first')
    .option('--status <list>', `only these: ${STATUSES.join(', ').toLowerCase()}`, statuses)
    .option('--limit <n>', 'how many', wholeNumber(1, MOST), 20)
    .option('--json', 'as JSON')
    .action(async (space: string | undefined, options: JobsOptions) => {
      const { jobs, more } = await withConnection(options, (server) => newest(server, space, options));
      if (options.json) return printJson(jobs);
      if (jobs.length === 0) return sayNoJobs(space, options);
      const now = Date.now();
      process.stdout.write(
        `${table(
          ['ID', 'STATUS', 'PROGRESS', 'AGE', 'TITLE OR INPUT'],
          jobs.map((job) => row(job, now)),
        )}\n`,
      );
      if (more) process.stderr.write(`There are more: --limit ${Math.min(options.limit * 5, MOST)}\n`);
    });
}

async function newest(
  server: Connection,
  space: string | undefined,
  { limit, status }: JobsOptions,
): Promise<{ jobs: JobRowFragment[]; more: boolean }> {
  const jobs: JobRowFragment[] = [];
  let after: string | null | undefined;
  for (;;) {
    const first = Math.min(PAGE, limit - jobs.length);
    const page = (await server.request(jobRowsQuery, { space, status, first, after })).jobs;
    jobs.push(...page.nodes);
    after = page.pageInfo.endCursor;
    if (!page.pageInfo.hasNextPage || jobs.length >= limit) return { jobs, more: page.pageInfo.hasNextPage };
  }
}

function row(job: JobRowFragment, now: number): string[] {
  return [
    job.id,
    job.status,
    shortened(progressOf(job), PROGRESS_CHARS),
    seconds(Math.max(0, (now - Date.parse(job.createdAt)) / 1000)),
    shortened(aboutOf(job), TITLE_CHARS),
  ];
}

/** Its title, else what was sent: the prompt, or the names of the files. */
function aboutOf({ title, input }: JobRowFragment): string {
  return title ?? input?.prompt ?? input?.files.map(({ name }) => name).join(', ') ?? '';
}

/** Where it stands, or how it ended. */
function progressOf(job: JobRowFragment): string {
  if (!isOver(job)) return situation(job);
  if (job.error) return job.error.code;
  return job.processingTime === null ? '' : `after ${seconds(job.processingTime / 1000)}`;
}

function shortened(text: string, chars: number): string {
  const line = oneLine(text);
  return line.length > chars ? `${line.slice(0, chars - 1)}…` : line;
}

function sayNoJobs(space: string | undefined, { status }: JobsOptions): void {
  process.stderr.write(
    status ? 'No such jobs.\n' : `No jobs yet. Submit one with: spacedock submit ${space ?? 'SPACE'} --prompt TEXT\n`,
  );
}

/** `queued,running`, in any case; `timed-out` is TIMED_OUT. */
function statuses(text: string, previous?: JobStatus[]): JobStatus[] {
  return commaList(text, previous).map((word) => {
    const status = STATUSES.find((each) => each === word.toUpperCase().replace('-', '_'));
    if (!status) throw new InvalidArgumentError(`It must be of ${STATUSES.join(', ').toLowerCase()}.`);
    return status;
  });
}
