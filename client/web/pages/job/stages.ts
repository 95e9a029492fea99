import type { JobSnapshot } from '../../../sdk/watch.ts';

/** What a job did for a while. */
export interface StageSpan {
  /** In the worker's word; null: it waited, or nobody said. */
  stage: string | null;
  status: JobSnapshot['status'];
  attempt: number;
  beganAt: string;
  /** Null: it is at it now. */
  endedAt: string | null;
}

type Told = Pick<JobSnapshot, 'events' | 'finishedAt'>;

/** The stages of a job from its events, oldest first: neighbours of one stage, status and attempt are one. The end is none. */
export function stagesOf({ events, finishedAt }: Told): StageSpan[] {
  const spans: StageSpan[] = [];
  for (const { at, stage, status, attempt } of events) {
    const last = spans.at(-1);
    if (last?.stage === stage && last.status === status && last.attempt === attempt) continue;
    if (last) last.endedAt = at;
    if (!isFinal(status)) spans.push({ stage, status, attempt, beganAt: at, endedAt: null });
  }
  const last = spans.at(-1);
  if (last && last.endedAt === null && finishedAt !== null) last.endedAt = finishedAt;
  return spans;
}

const isFinal = (status: JobSnapshot['status']): boolean =>
  ['COMPLETED', 'FAILED', 'CANCELLED', 'TIMED_OUT'].includes(status);
