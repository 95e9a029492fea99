import type { TFunction } from 'i18next';
import type { JobSnapshot } from '../../sdk/watch.ts';

/** What the server says of its own accord, by the name of the text in `jobs.said`; null: the status says it already. */
const SAID: Record<string, string | null> = {
  'Job completed': null,
  Cancelled: null,
  'Cancelled while queued': null,
  'Cancel requested': null,
  Restarted: 'restarted',
  'The remote app was lost; waiting for another': 'lost',
  'The remote app was gone before it had this; waiting for another': 'lost',
  'The remote app did not confirm delivery; waiting for another try': 'undelivered',
  'Cancelled; the remote app was lost': 'lostCancelled',
  'Cancelled; the remote app did not confirm that it stopped': 'unconfirmed',
};

/** A message of a job: the server's in the language of the pages, anybody else's as it is. */
export function messageOf(message: string | null | undefined, t: TFunction): string | null {
  const name = SAID[message ?? ''];
  return name === undefined ? (message ?? null) : name && t(`jobs.said.${name}`);
}

type Said = Pick<JobSnapshot, 'stage' | 'message' | 'error'>;

/** What the worker says of a job now, beyond its status and its error. */
export function saidOf({ stage, message, error }: Said, t: TFunction): string {
  const said = [stage === 'complete' ? null : stage, message === error?.message ? null : messageOf(message, t)];
  return said.filter(Boolean).join(' – ');
}

/** When a job came into the queue, the last time. */
export const queuedAt = ({ events, createdAt }: Pick<JobSnapshot, 'events' | 'createdAt'>): string =>
  events.findLast(({ status }) => status === 'QUEUED')?.at ?? createdAt;

/** Codes that the server gives, with a message for who administers it. */
const OF_SERVER = new Set(['APP_LOST', 'UNDELIVERABLE']);

type Failed = Pick<JobSnapshot, 'status' | 'startedAt' | 'error'> & { input?: unknown };

interface Failure {
  /** In a line of a list. */
  short: string;
  /** For everybody; empty where the code has none. */
  words: string;
  /** Of the app; of the server, which names commands, for administrators alone. */
  message: string | null;
}

/** Why a job failed, and what can be done about it: others than administrators read whom to ask. */
export function failureOf(job: Failed, t: TFunction, admin: boolean): Failure {
  const { code, message } = job.error!;
  if (job.status === 'TIMED_OUT') {
    const short = t(`jobErrors.${!job.input ? 'SILENT' : job.startedAt === null ? 'WAITED' : 'RAN'}`);
    if (admin) return { short, words: short, message };
    return { short, words: job.input ? t('jobErrors.ask', { why: short }) : short, message: null };
  }
  const words = t(`jobErrors.${code}`, { defaultValue: '' });
  return OF_SERVER.has(code)
    ? { short: words, words, message: admin ? message : null }
    : { short: message, words, message };
}
