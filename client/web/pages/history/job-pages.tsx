import { Button, Group, Loader, Progress, Stack, Text } from '@mantine/core';
import { type ReactNode, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import { jobRowsQuery } from '../../../sdk/documents.ts';
import type { JobRowFragment } from '../../../sdk/gql/graphql.ts';
import { useJob } from '../../../sdk/react.ts';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { codeOf } from '../../parts/errors.ts';
import { useFormat } from '../../parts/format.ts';
import { failureOf } from '../../parts/job-words.ts';
import { StatusBadge } from '../../parts/status.tsx';
import { useViewer } from '../../parts/viewer.tsx';
import { place, remember } from './place.ts';

const AT_A_TIME = 25;

interface Filter {
  status: JobRowFragment['status'][] | null;
  space: string | null;
  submitter: string | null;
}

/** Jobs, newest first, a page at a time, each as it is by now. `children`: what to do where there is none. */
export function JobPages({ filter, children }: { filter: Filter; children: ReactNode }) {
  const { t } = useTranslation();
  const [pages, setPages] = useState(place().pages ?? 1);
  const { status, space, submitter } = filter;
  function showMore(): void {
    remember({ pages: pages + 1 });
    setPages(pages + 1);
  }
  return (
    <Stack gap="xs">
      <JobPage
        filter={filter}
        after={null}
        pages={pages}
        onMore={showMore}
        none={<Empty title={t(status || space || submitter ? 'history.noneSuch' : 'job.none')}>{children}</Empty>}
      />
    </Stack>
  );
}

interface JobPageProps {
  filter: Filter;
  after: string | null;
  /** So many in all, from here on. */
  pages: number;
  onMore(): void;
  none: ReactNode;
}

/** One page and those after it: where it ends they begin, whatever has come since. */
function JobPage({ filter, after, pages, onMore, none }: JobPageProps) {
  const { t } = useTranslation();
  const [{ data, error }, ask] = useQuery({
    query: jobRowsQuery,
    variables: { first: AT_A_TIME, ...filter, after },
    requestPolicy: 'cache-and-network',
  });
  if (error && !data) {
    const gone = filter.space !== null && codeOf(error) === 'NOT_FOUND';
    return (
      <ErrorAlert
        error={error}
        {...(gone && { words: t('history.noSpace', { space: filter.space }) })}
        again={() => ask({ requestPolicy: 'network-only' })}
      />
    );
  }
  if (!data) return <Loader m="md" aria-label={t('jobs.loading')} />;
  const { nodes, pageInfo } = data.jobs;
  if (nodes.length === 0 && after === null) return none;
  const next = pageInfo.hasNextPage ? pageInfo.endCursor : null;
  return (
    <>
      {nodes.map((job) => (
        <JobRow key={job.id} row={job} />
      ))}
      {next !== null && pages > 1 && (
        <JobPage filter={filter} after={next} pages={pages - 1} onMore={onMore} none={null} />
      )}
      {next !== null && pages === 1 && (
        <Button variant="default" onClick={onMore} style={{ alignSelf: 'center' }}>
          {t('history.more')}
        </Button>
      )}
    </>
  );
}

function JobRow({ row }: { row: JobRowFragment }) {
  const { t } = useTranslation();
  const format = useFormat();
  const viewer = useViewer();
  const admin = viewer?.role === 'ADMIN';
  // What has ended does not change any more.
  const { data: live } = useJob(row.finishedAt === null ? row.id : null);
  const job = live ?? row;
  const running = job.finishedAt === null && job.status !== 'QUEUED';
  const about = row.title ?? (row.input?.prompt || row.input?.files.map(({ name }) => name).join(', ') || null);
  const failure = job.error && failureOf(job, t, admin);
  const facts = [
    row.space?.title,
    admin && row.submitter && row.submitter.id !== viewer.id && t('history.from', { name: row.submitter.name }),
    job.processingTime != null && t('jobs.took', { time: format.duration(job.processingTime) }),
    job.queuePosition != null && t('job.place', { position: job.queuePosition }),
  ].filter((fact) => typeof fact === 'string');
  const link = useRef<HTMLAnchorElement>(null);
  // Who comes back from it is at it again.
  useLayoutEffect(() => {
    if (place().opened === row.id) link.current?.focus();
  }, [row.id]);
  return (
    <Link
      ref={link}
      to={`/jobs/${row.id}`}
      className="job-row"
      data-job={row.id}
      onClick={() => remember({ opened: row.id })}
    >
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
        {facts.map((fact) => (
          <Text key={fact} size="xs" c="dimmed">
            {fact}
          </Text>
        ))}
        {failure && (
          <Text size="xs" c="var(--mantine-color-error)" truncate maw="100%">
            {failure.short}
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
