import { attemptNumber, ofAttempt } from '../domain/attempt.ts';
import type { Job } from '../domain/job.ts';
import { boundedText } from '../domain/json.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import { outputReported } from '../domain/transitions.ts';
import type { Engine } from '../engine/engine.ts';
import type { Jobs } from './jobs.ts';

export interface OutputReport {
  job: string;
  lease?: string | null;
  attempt?: number | null;
  /** UTF-8 bytes of this attempt sent before the text. */
  offset: number;
  text: string;
}

export interface OutputParts {
  engine: Engine;
  jobs: Jobs;
  /** `output`: bytes of one attempt. */
  limits: { output: number };
}

/** A tracked job may begin anew between the look at it and the append. */
const TRIES = 3;

/** What a job says while it works, piece by piece. */
export function createOutput({ engine, jobs, limits }: OutputParts) {
  /** The job, as an active one under this lease. That it was heard of may have to be written. */
  async function reporting(
    report: OutputReport,
    fresh: boolean,
    check: (job: Job) => void,
    birth?: () => Job,
  ): Promise<Job> {
    const attempt = attemptNumber(report.attempt);
    const decide = (job: Job) => {
      check(job);
      return outputReported(ofAttempt(job, attempt), report.lease ?? null, engine.now());
    };
    const known = fresh ? undefined : jobs.atHand(report.job);
    if (known && decide(known) === known) return known;
    return jobs.change(report.job, 'report', decide, birth);
  }

  return {
    /**
     * Adds to the output. `check` throws where the reporter may not; `birth`: what an unknown tracked job begins as. OUTPUT_GAP where
     * bytes before `offset` are missing.
     */
    async report(report: OutputReport, check: (job: Job) => void, birth?: () => Job): Promise<Job> {
      const { offset } = report;
      if (!Number.isSafeInteger(offset) || offset < 0) {
        throw badInput('input.offset', 'must be the number of UTF-8 bytes that were sent before');
      }
      const text = boundedText('input.text', report.text, limits.output);
      for (let tries = 0; tries < TRIES; tries++) {
        const job = await reporting(report, tries > 0, check, birth);
        const lease = report.lease ?? null;
        const appended = await engine.output.append(job.id, job.attempt, lease, offset, text, limits.output);
        switch (appended.outcome) {
          case 'appended':
            return job;
          case 'gap':
            throw new Refusal(
              'OUTPUT_GAP',
              `input.offset: ${offset} does not follow on; the output of attempt ${job.attempt} has ${appended.end} bytes`,
              { field: 'input.offset', limit: appended.end },
            );
          case 'full':
            throw new Refusal(
              'PAYLOAD_TOO_LARGE',
              `The output of one attempt may have ${limits.output} bytes; it has ${appended.end}`,
              { field: 'input.text', limit: limits.output },
            );
        }
      }
      throw new Refusal('CONFLICT', `Job ${report.job} begins anew at this moment; try again`, {
        retryAfterSeconds: 1,
      });
    },

    /** UTF-8 bytes of the job's present attempt. */
    async length(job: Job): Promise<number> {
      if (job.attempt === 0) return 0;
      const log = await engine.output.length(job.id);
      return log?.attempt === job.attempt ? log.end : 0;
    },
  };
}
