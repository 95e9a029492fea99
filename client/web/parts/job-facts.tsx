import { Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { JobSnapshot } from '../../sdk/watch.ts';
import { useFormat, useNow } from './format.ts';
import { queuedAt } from './job-words.ts';

/** Figures of a job: how long, how sure, which try, by whom. */
export function JobFacts({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const format = useFormat();
  const active = job.finishedAt === null;
  const now = useNow(active);
  const queued = job.status === 'QUEUED';
  const since = Date.parse((queued ? null : job.startedAt) ?? queuedAt(job));
  const facts: [string, ReactNode][] = [];
  if (job.processingTime != null) facts.push(['time', t('jobs.took', { time: format.duration(job.processingTime) })]);
  // Whole seconds, and never less than none: clocks differ.
  else if (active) {
    const time = format.duration(Math.max(1, Math.floor((now - since) / 1000)) * 1000);
    facts.push(['time', t(queued ? 'jobs.waitingFor' : 'jobs.runningFor', { time })]);
  }
  if (job.confidence != null)
    facts.push(['confidence', t('jobs.confidence', { share: format.percent(job.confidence) })]);
  if (job.attempt > 1) facts.push(['attempt', t('jobs.attempt', { attempt: job.attempt })]);
  // The one that was lost is not the one that it waits for.
  if (job.app && !queued) facts.push(['app', t('jobs.by', { app: job.app.name })]);
  return (
    <Group gap="md" style={{ rowGap: 2 }}>
      {facts.map(([name, text]) => (
        <Text key={name} size="sm" c="dimmed" className="figures" data-fact={name}>
          {text}
        </Text>
      ))}
    </Group>
  );
}

/** How far a cancellation has come, with times; nothing where nobody asked. */
export function CancellationState({ job: { cancellation, status, finishedAt } }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const format = useFormat();
  if (!cancellation) return null;
  const { requestedAt, deliveredAt, confirmedAt } = cancellation;
  const steps = [
    t('jobs.cancelRequested', { time: format.time(requestedAt) }),
    ...(deliveredAt ? [t('jobs.cancelDelivered', { time: format.time(deliveredAt) })] : []),
    ...(confirmedAt ? [t('jobs.cancelConfirmed', { time: format.time(confirmedAt) })] : []),
    ...(status === 'CANCELLED' && !confirmedAt && deliveredAt && finishedAt
      ? [t('jobs.cancelGrace', { time: format.time(finishedAt) })]
      : []),
  ];
  return (
    <Text size="sm" role="status" data-cancellation>
      {steps.join(' → ')}
    </Text>
  );
}
