import type { Command } from 'commander';
import { cancelJobMutation, jobQuery, retryJobMutation } from '../sdk/index.ts';
import { type FollowOptions, followJob, noOutputOption, OUTCOMES, saveFiles } from './follow.ts';
import { jobCard } from './job-view.ts';
import { type ServerOptions, talksToServer, withConnection } from './options.ts';
import { noSuchJobHint, Problem } from './problem.ts';
import { printJson } from './style.ts';

type JobOptions = ServerOptions & FollowOptions & { watch?: boolean };

export function addJobCommands(program: Command): void {
  onJob(program, 'job')
    .description('show a job')
    .option('--out <dir>', 'save the files of its result there')
    .option('--json', 'everything, as JSON')
    .action(async (id: string, options: JobOptions) => {
      await withConnection(options, async (server) => {
        const { job } = await server.request(jobQuery, { id });
        if (!job) throw new Problem(`There is no job ${id}.`, { hint: noSuchJobHint(id) });
        if (options.json) printJson(job);
        else process.stdout.write(`${jobCard(job)}\n`);
        if (options.out !== undefined) await saveFiles(server, job, options.out);
      });
    });

  follows(onJob(program, 'watch'))
    .description('follow a job to its end; prints its result')
    .action(async (id: string, options: JobOptions) => {
      await withConnection(options, async (server) => {
        // Says at once when there is no server: the watching itself would try for ever.
        const { job } = await server.request(jobQuery, { id });
        if (!job && !id.includes('.'))
          process.stderr.write(`There is no job ${id} yet: waiting for its first report\n`);
        await followJob(server, id, options);
      });
    });

  onJob(program, 'cancel')
    .description('ask for a job to be stopped')
    .option('--json', 'print the job as JSON')
    .action(async (id: string, options: JobOptions) => {
      const { cancelJob } = await withConnection(options, (server) => server.request(cancelJobMutation, { id }));
      if (options.json) return printJson(cancelJob);
      process.stdout.write(`${cancelJob.status}\n`);
    });

  follows(onJob(program, 'retry'))
    .description('submit the input of a finished job once more; prints the new id')
    .option('--watch', 'follow the new job to its end')
    .action(async (id: string, options: JobOptions) => {
      await withConnection(options, async (server) => {
        const { retryJob } = await server.request(retryJobMutation, { id });
        if (options.watch || options.out !== undefined) {
          process.stderr.write(`Job ${retryJob.id}\n`);
          return followJob(server, retryJob.id, options);
        }
        if (options.json) printJson(retryJob);
        else process.stdout.write(`${retryJob.id}\n`);
      });
    });
}

function onJob(program: Command, name: string): Command {
  return talksToServer(program.command(name).argument('<job>', 'the id of the job'));
}

function follows(command: Command): Command {
  return command
    .option('--out <dir>', 'save the files of the result there')
    .addOption(noOutputOption())
    .option('--json', 'print the job as JSON')
    .addHelpText('after', OUTCOMES);
}
