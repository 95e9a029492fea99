import { Anchor, Group, Stack, Text, Title } from '@mantine/core';
import { useCallback, useEffect, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link } from 'wouter';
import type { SpaceJobsQuery } from '../../gql/graphql.ts';
import { graphql } from '../../gql/index.ts';
import { useComingBack } from '../../parts/coming-back.ts';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { useFormat } from '../../parts/format.ts';
import { JobCard } from '../../parts/job-card.tsx';
import { useLast } from '../../parts/last.ts';
import { StatusBadge } from '../../parts/status.tsx';
import { useViewer } from '../../parts/viewer.tsx';

/** As many as a person looks for here; the rest is in the history. */
const SHOWN = 20;

const spaceJobsQuery = graphql(`
  query SpaceJobs($id: ID!, $first: Int!, $submitter: ID!) {
    space(id: $id) {
      id
      jobs(first: $first, submitter: $submitter) {
        nodes { id status createdAt finishedAt input { prompt files { name } } }
        pageInfo { hasNextPage }
      }
    }
  }
`);

interface Begun {
  id: string;
  createdAt: string;
}

/** The viewer's jobs in a space, newest first: found again whenever the page is loaded or the server is back. */
export function SpaceJobs({
  space,
  begun,
  onBegun,
  doubts,
}: {
  space: string;
  begun: readonly Begun[];
  onBegun(job: Begun): void;
  /** Another one: there may be a job that is not known here. */
  doubts: number;
}) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [{ data: news, error }, again] = useQuery({
    query: spaceJobsQuery,
    variables: { id: space, first: SHOWN, submitter: viewer?.id ?? '' },
    pause: viewer === null,
    requestPolicy: 'cache-and-network',
  });
  const data = useLast(news);
  const refresh = useCallback(() => again({ requestPolicy: 'network-only' }), [again]);
  useComingBack(refresh);
  useEffect(() => {
    if (doubts > 0) refresh();
  }, [doubts, refresh]);
  const [opened, setOpened] = useState<Record<string, boolean>>({});
  const page = data?.space?.jobs;
  const found = page?.nodes ?? [];
  const known = new Map(found.map((job) => [job.id, job]));
  const jobs: Begun[] = [...begun.filter(({ id }) => !known.has(id)), ...found].sort((a, b) => compare(b, a));
  if (error && !data) return <ErrorAlert error={error} />;
  if (!data) return null;

  return (
    <Stack component="section" aria-label={t('jobs.mine')}>
      <Group justify="space-between">
        <Title order={2} size="h4">
          {t('jobs.mine')}
        </Title>
        {page?.pageInfo.hasNextPage && (
          <Anchor
            component={Link}
            to={`/jobs?${new URLSearchParams({ space, ...(viewer?.role === 'ADMIN' && { by: viewer.id }) })}`}
            size="sm"
          >
            {t('jobs.all')}
          </Anchor>
        )}
      </Group>
      {jobs.length === 0 && <Text c="dimmed">{t('jobs.none')}</Text>}
      {jobs.map((job, index) => {
        const row = known.get(job.id);
        // What runs, what was begun here and the newest are open.
        const open =
          opened[job.id] ?? (index === 0 || !row || row.finishedAt === null || begun.some(({ id }) => id === job.id));
        return open || !row ? (
          <JobCard key={job.id} id={job.id} onRetried={onBegun} />
        ) : (
          <JobLine key={job.id} job={row} onOpen={() => setOpened((before) => ({ ...before, [job.id]: true }))} />
        );
      })}
    </Stack>
  );
}

type JobRow = NonNullable<SpaceJobsQuery['space']>['jobs']['nodes'][number];

const compare = (a: Begun, b: Begun) => (a.createdAt === b.createdAt ? 0 : a.createdAt < b.createdAt ? -1 : 1);

/** A finished job in one line; opens as its card. */
function JobLine({ job, onOpen }: { job: JobRow; onOpen(): void }) {
  const { t } = useTranslation();
  const format = useFormat();
  return (
    <button type="button" className="job-row" onClick={onOpen} aria-expanded={false} data-job={job.id}>
      <Group wrap="nowrap" gap="sm" component="span">
        <StatusBadge status={job.status} />
        <Text size="sm" truncate flex={1} component="span">
          {summary(job) ?? t('job.title')}
        </Text>
        <Text size="xs" c="dimmed" component="span" className="figures" style={{ whiteSpace: 'nowrap' }}>
          {format.time(job.createdAt)}
        </Text>
      </Group>
    </button>
  );
}

const summary = ({ input }: JobRow): string | null =>
  input?.prompt || input?.files.map(({ name }) => name).join(', ') || null;
