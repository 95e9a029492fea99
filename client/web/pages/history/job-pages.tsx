import { Button, Group, Loader, Progress, Stack, Text } from '@mantine/core';
import { type ReactNode, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { jobRowsQuery } from '../../../sdk/documents.ts';
import type { JobRowFragment } from '../../../sdk/gql/graphql.ts';
import { useJob } from '../../../sdk/react.ts';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { useFormat } from '../../parts/format.ts';
import { StatusBadge } from '../../parts/status.tsx';

const AT_A_TIME = 25;

interface Filter {
  status: JobRowFragment['status'][] | null;
  space: string | null;
}

/** Jobs, newest first, a page at a time, each as it is by now. `children`: what to do where there is none. */
export function JobPages({ status, space, children }: Filter & { children: ReactNode }) {
  const { t } = useTranslation();
  // Where each page that is shown begins.
  const [cursors, setCursors] = useState<(string | null)[]>([null]);
  return (
    <Stack gap="xs">
      {cursors.map((after, index) => (
        <JobPage
          key={after}
          {...{ status, space, after }}
          onMore={index === cursors.length - 1 ? (next) => setCursors([...cursors, next]) : null}
          none={<Empty title={t(status || space ? 'history.noneSuch' : 'job.none')}>{children}</Empty>}
        />
      ))}
    </Stack>
  );
}

function JobPage({
  status,
  space,
  after,
  onMore,
  none,
}: Filter & { after: string | null; onMore: ((cursor: string) => void) | null; none: ReactNode }) {
  const { t } = useTranslation();
  const [{ data, error }] = useQuery({
    query: jobRowsQuery,
    variables: { first: AT_A_TIME, status, space, after },
    requestPolicy: 'cache-and-network',
  });
  if (error && !data) return <ErrorAlert error={error} />;
  if (!data) return <Loader m="md" aria-label={t('jobs.loading')} />;
  const { nodes, pageInfo } = data.jobs;
  if (nodes.length === 0 && after === null) return none;
  return (
    <>
      {nodes.map((job) => (
        <JobRow key={job.id} row={job} />
      ))}
      {onMore && pageInfo.hasNextPage && pageInfo.endCursor && (
        <Button variant="default" onClick={() => onMore(pageInfo.endCursor!)} style={{ alignSelf: 'center' }}>
          {t('history.more')}
        </Button>
      )}
    </>
  );
}

function JobRow({ row }: { row: JobRowFragment }) {
  const { t } = useTranslation();
  const format = useFormat();
  // What has ended does not change any more.
  const { data: live } = useJob(row.finishedAt === null ? row.id : null);
  const job = live ?? row;
  const running = job.finishedAt === null && job.status !== 'QUEUED';
  const about = row.title ?? (row.input?.prompt || row.input?.files.map(({ name }) => name).join(', ') || null);
  return (
    <Link to={`/jobs/${row.id}`} className="job-row" data-job={row.id}>
      <Group gap="sm" wrap="nowrap">
        <StatusBadge status={job.status} />
        <Text size="sm" truncate flex={1}>
          {about ?? row.id}
        </Text>
        <Text size="xs" c="dimmed" className="figures" style={{ whiteSpace: 'nowrap' }} visibleFrom="sm">
          {format.dateTime(row.createdAt)}
        </Text>
      </Group>
      <Group gap="md" mt={4} style={{ rowGap: 0 }}>
        <Text size="xs" c="dimmed" className="figures" hiddenFrom="sm">
          {format.dateTime(row.createdAt)}
        </Text>
        {row.space && (
          <Text size="xs" c="dimmed">
            {row.space.id}
          </Text>
        )}
        {job.processingTime != null && (
          <Text size="xs" c="dimmed">
            {t('jobs.took', { time: format.duration(job.processingTime) })}
          </Text>
        )}
        {job.queuePosition != null && (
          <Text size="xs" c="dimmed">
            {t('job.place', { position: job.queuePosition })}
          </Text>
        )}
        {job.error && (
          <Text size="xs" c="var(--mantine-color-error)" truncate maw="100%">
            {job.error.message}
          </Text>
        )}
        {running && (
          <Progress
            value={job.progress * 100}
            size="sm"
            flex={1}
            miw={80}
            aria-label={t('jobs.progress')}
            transitionDuration={0}
          />
        )}
      </Group>
    </Link>
  );
}
