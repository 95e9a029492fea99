import { Grid, Paper, Stack, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link, useLocation } from 'wouter';
import { useJob } from '../../../sdk/react.ts';
import { graphql } from '../../gql/index.ts';
import { Empty } from '../../parts/empty.tsx';
import { codeOf } from '../../parts/errors.ts';
import { useFormat } from '../../parts/format.ts';
import { JobCard } from '../../parts/job-card.tsx';
import { JsonTree } from '../../parts/json-tree.tsx';
import { Page } from '../../parts/page.tsx';
import { CopyText } from '../../parts/text-view.tsx';
import { signInPath, useViewer } from '../../parts/viewer.tsx';
import { EventLog } from './event-log.tsx';
import { StageTimeline } from './stage-timeline.tsx';

const existsQuery = graphql(`query JobExists($id: ID!) { job(id: $id) { id } }`);

/** One job, for whoever waits for it: also one that nobody has reported on yet. */
export default function JobPage({ id }: { id: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const viewer = useViewer();
  const [, navigate] = useLocation();
  const { data: job, error } = useJob(id);
  const [{ data: exists }] = useQuery({ query: existsQuery, variables: { id }, requestPolicy: 'network-only' });
  const title = job?.title ?? job?.space?.title ?? t('job.title');
  const prefix = job
    ? job.finishedAt === null && job.status !== 'QUEUED'
      ? format.percent(job.progress)
      : t(`job.status.${job.status}`)
    : undefined;

  return (
    <Page title={job?.title ? title : `${title} ${short(id)}`} heading={title} prefix={prefix}>
      <Text size="sm" c="dimmed" ff="monospace" mt={-12} component="div">
        {id} <CopyText text={id} />
      </Text>
      {job || (error && codeOf(error) !== 'NOT_FOUND') ? (
        <JobCard id={id} alone onRetried={({ id: next }) => navigate(`/jobs/${next}`)} />
      ) : error ? (
        <Empty title={t('monitor.gone')}>
          {t('monitor.goneWhy')} {viewer?.role === 'ANONYMOUS' && <Link to={signInPath()}>{t('account.signIn')}</Link>}
        </Empty>
      ) : (
        exists?.job === null && (
          <div role="status">
            <Empty title={t('monitor.waiting')}>{t('job.notYet')}</Empty>
          </div>
        )
      )}
      {job && (
        <Grid gap="lg">
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <Section title={t('monitor.stages')}>
              <StageTimeline job={job} />
            </Section>
          </Grid.Col>
          <Grid.Col span={{ base: 12, sm: 6 }}>
            <Stack>
              <Section title={t('monitor.about')}>
                <About job={job} />
              </Section>
              {job.metadata != null && (
                <Section title={t('monitor.metadata')}>
                  <JsonTree value={job.metadata} label={t('monitor.metadata')} />
                </Section>
              )}
              {hasParameters(job.input?.parameters) && (
                <Section title={t('spaces.parameters')}>
                  <JsonTree value={job.input!.parameters} label={t('spaces.parameters')} />
                </Section>
              )}
            </Stack>
          </Grid.Col>
          <Grid.Col span={12}>
            <Section title={t('monitor.events')}>
              <EventLog job={job} />
            </Section>
          </Grid.Col>
        </Grid>
      )}
    </Page>
  );
}

const short = (id: string): string => (id.length > 16 ? `…${id.slice(-8)}` : id);

const hasParameters = (parameters: unknown): boolean =>
  typeof parameters === 'object' && parameters !== null && Object.keys(parameters).length > 0;

function Section({ title, children }: { title: string; children: React.ReactNode }) {
  return (
    <Paper withBorder p="md" component="section" aria-label={title}>
      <Title order={2} size="h5" mb="sm">
        {title}
      </Title>
      {children}
    </Paper>
  );
}

type Job = NonNullable<ReturnType<typeof useJob>['data']>;

function About({ job }: { job: Job }) {
  const { t } = useTranslation();
  const format = useFormat();
  const rows: [string, string | null | undefined][] = [
    ['space', job.space?.title],
    ['submitter', job.submitter?.name],
    ['created', format.dateTime(job.createdAt)],
    ['started', job.startedAt && format.dateTime(job.startedAt)],
    ['finished', job.finishedAt && format.dateTime(job.finishedAt)],
    ['updated', job.finishedAt === null ? format.dateTime(job.updatedAt) : null],
    ['app', job.status === 'QUEUED' ? null : job.app?.name],
    ['attempt', job.attempt > 0 ? `${job.attempt}` : null],
    ['kept', job.keptUntil && format.dateTime(job.keptUntil)],
  ];
  return (
    <dl className="facts">
      {rows.map(
        ([name, value]) =>
          value && (
            <div key={name}>
              <dt>{t(`monitor.fact.${name}`)}</dt>
              <dd>{value}</dd>
            </div>
          ),
      )}
    </dl>
  );
}
