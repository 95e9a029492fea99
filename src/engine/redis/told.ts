import type { Job } from '../../domain/job.ts';
import { withConfirmation } from '../record.ts';
import { fold, type Whole } from './record.ts';

/** What the next revision changes of a job. */
export interface Step {
  step: Partial<Job> & Pick<Job, 'revision'>;
  confirmed?: boolean;
}

/** What the channel of a job carries. Null: it is gone. */
export type Told = Whole | Step | null;

/**
 * What `next` changes of `before`, as JSON: reports of progress come often, and most of a record stays as it is. Empty where the whole
 * record, of which the text is `whole`, says it as well.
 */
export function stepOf(before: Job, next: Job, whole: string): string {
  if (next.status !== before.status) return '';
  const step: Partial<Record<keyof Job, unknown>> = {};
  for (const name of Object.keys(next) as (keyof Job)[]) if (next[name] !== before[name]) step[name] = next[name];
  const text = JSON.stringify(step);
  return 2 * text.length < whole.length ? text : '';
}

export interface ReaderParts {
  /** The job as it is stored. */
  read(): Promise<Job | null>;
  /** Grows with every connection: what was told before it may not be what went before. */
  connects(): number;
  onError(error: unknown): void;
}

/** Makes jobs of what a job's channel carries. Who does not know the job that a step is one of reads it. */
export function createReader({ read, connects, onError }: ReaderParts, tell: (job: Job | null) => void) {
  let known: Job | null = null;
  let connect = -1;
  /** The highest step that was heard. */
  let heard = 0;
  let reading = false;

  function know(job: Job | null): void {
    known = job;
    connect = connects();
    tell(job);
  }

  /** Again where more was heard meanwhile. What is told whole meanwhile is newer than what is read. */
  async function catchUp(): Promise<void> {
    reading = true;
    try {
      for (let upTo = 0; upTo < heard; ) {
        upTo = heard;
        const before = known;
        const job = await read();
        if (known !== before || !job) return;
        know(job);
        if (job.revision >= heard) return;
      }
    } finally {
      reading = false;
    }
  }

  function take({ step, confirmed = false }: Step): void {
    const base = connect === connects() ? known : null;
    if (base && step.revision <= base.revision) return;
    heard = step.revision;
    if (base?.revision === step.revision - 1) know(withConfirmation({ ...base, ...step } as Job, confirmed));
    else if (!reading) catchUp().catch(onError);
  }

  return (told: Told): void => {
    if (told === null) know(null);
    else if ('step' in told) take(told);
    else know(fold(told));
  };
}
