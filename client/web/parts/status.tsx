import { Badge } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { JobSnapshot } from '../../sdk/watch.ts';

type JobStatus = JobSnapshot['status'];

const COLOURS: Record<JobStatus, string> = {
  QUEUED: 'gray',
  RUNNING: 'blue',
  CANCELLING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  CANCELLED: 'gray',
  TIMED_OUT: 'red',
};

export function StatusBadge({ status }: { status: JobStatus }) {
  const { t } = useTranslation();
  return (
    <Badge color={COLOURS[status]} variant="light" tt="none" data-status={status} style={{ flexShrink: 0 }}>
      {t(`job.status.${status}`)}
    </Badge>
  );
}
