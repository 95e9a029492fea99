import { Text, Timeline } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { JobSnapshot } from '../../../sdk/watch.ts';
import { useFormat, useNow } from '../../parts/format.ts';
import { stagesOf } from './stages.ts';

/** What a job did, one after the other, and for how long. */
export function StageTimeline({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const format = useFormat();
  const now = useNow(job.finishedAt === null);
  const spans = stagesOf(job);
  const attempts = new Set(spans.map(({ attempt }) => attempt)).size > 2;
  return (
    <Timeline active={spans.length} bulletSize={14} lineWidth={2} color={job.finishedAt === null ? 'blue' : 'gray'}>
      {spans.map(({ stage, status, attempt, beganAt, endedAt }) => {
        const ms = (endedAt === null ? now : Date.parse(endedAt)) - Date.parse(beganAt);
        return (
          <Timeline.Item
            key={`${beganAt} ${stage} ${status} ${attempt}`}
            title={status === 'RUNNING' ? (stage ?? t('monitor.begun')) : t(`job.status.${status}`)}
          >
            <Text size="xs" c="dimmed" className="figures">
              {format.time(beganAt)} ·{' '}
              {format.duration(Math.max(0, endedAt === null ? Math.floor(ms / 1000) * 1000 : ms))}
              {attempts && attempt > 0 && ` · ${t('jobs.attempt', { attempt })}`}
            </Text>
          </Timeline.Item>
        );
      })}
      {job.finishedAt !== null && (
        <Timeline.Item title={t(`job.status.${job.status}`)}>
          <Text size="xs" c="dimmed" className="figures">
            {format.time(job.finishedAt)}
          </Text>
        </Timeline.Item>
      )}
    </Timeline>
  );
}
