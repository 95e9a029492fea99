import { Group, Progress, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { JobSnapshot } from '../../sdk/watch.ts';
import { useFormat } from './format.ts';
import { saidOf } from './job-words.ts';

const COLOURS: Partial<Record<JobSnapshot['status'], string>> = {
  COMPLETED: 'green',
  FAILED: 'red',
  TIMED_OUT: 'red',
  CANCELLED: 'gray',
  CANCELLING: 'yellow',
};

/** Where a job stands: its place in the queue, or how far it is. */
export function JobProgress({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const format = useFormat();
  const active = job.finishedAt === null;
  if (job.status === 'QUEUED') {
    const wait = job.estimatedWait;
    const [low, high] = wait
      ? [wait.low, wait.high].map((seconds) => format.duration(Math.max(1, Math.round(seconds)) * 1000))
      : [];
    return (
      <Text size="sm">
        {job.queuePosition != null ? t('job.place', { position: job.queuePosition }) : t('job.status.QUEUED')}
        {wait && ` · ${low === high ? t('jobs.waitAbout', { time: low }) : t('jobs.waitBetween', { low, high })}`}
        {job.attempt > 0 && ` · ${t('jobs.again', { attempt: job.attempt })}`}
      </Text>
    );
  }
  const said = saidOf(job, t);
  return (
    <div className="hidden-if-empty">
      {(active || job.progress > 0) && (
        <Group gap="xs" wrap="nowrap">
          <Progress.Root flex={1} transitionDuration={0}>
            <Progress.Section
              withAria={false}
              value={job.progress * 100}
              color={COLOURS[job.status] ?? 'blue'}
              animated={active}
              role="progressbar"
              aria-label={t('jobs.progress')}
              aria-valuemin={0}
              aria-valuemax={100}
              aria-valuenow={Math.round(job.progress * 100)}
              aria-valuetext={`${format.percent(job.progress)}${job.stage ? `, ${job.stage}` : ''}`}
            />
          </Progress.Root>
          <Text size="sm" c="dimmed" className="figures" miw={44} ta="right" data-progress={job.progress}>
            {format.percent(job.progress)}
          </Text>
        </Group>
      )}
      {said && (
        <Text size="sm" mt={2}>
          {said}
        </Text>
      )}
    </div>
  );
}
