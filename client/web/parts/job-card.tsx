import { Alert, Anchor, Button, Code, Group, Loader, Paper, Spoiler, Stack, Text, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { cancelJobMutation, retryJobMutation } from '../../sdk/documents.ts';
import { useJob } from '../../sdk/react.ts';
import type { JobSnapshot } from '../../sdk/watch.ts';
import { ErrorAlert } from './error-alert.tsx';
import { CancellationState, JobFacts } from './job-facts.tsx';
import { JobOutputView } from './job-output.tsx';
import { JobProgress } from './job-progress.tsx';
import { JobResult, textOf } from './job-result.tsx';
import { failureOf, saidOf } from './job-words.ts';
import { StatusBadge } from './status.tsx';
import { StoredFiles } from './stored-files.tsx';
import { useViewer } from './viewer.tsx';

export interface JobCardProps {
  id: string;
  /** On the page that is of this job alone: without a link there. */
  alone?: boolean;
  /** It was begun again, as this job. */
  onRetried?(job: { id: string; createdAt: string }): void;
}

/** A job as it is now, and as it becomes. */
export function JobCard({ id, alone = false, onRetried }: JobCardProps) {
  const { t } = useTranslation();
  const { data: job, error } = useJob(id);
  if (!job) {
    if (error) return <ErrorAlert error={error} />;
    return (
      <Paper withBorder p="md">
        <Loader size="sm" aria-label={t('jobs.loading')} />
      </Paper>
    );
  }
  return (
    <Paper withBorder p="md" component="article" aria-label={`${t('job.title')} ${job.title ?? id}`} data-job={id}>
      <Stack gap="sm">
        <Group justify="space-between" gap="xs">
          <Group gap="xs">
            <StatusBadge status={job.status} />
            <VisuallyHidden role="status">{t(`job.status.${job.status}`)}</VisuallyHidden>
            {!alone && job.title && <Text fw={600}>{job.title}</Text>}
          </Group>
          {!alone && (
            <Anchor component={Link} to={`/jobs/${id}`} size="sm">
              {t('jobs.open')}
            </Anchor>
          )}
        </Group>
        {/* Of a job that went well its result says more. */}
        {job.status !== 'COMPLETED' || alone || job.space === null ? <JobProgress job={job} /> : <Message job={job} />}
        <CancellationState job={job} />
        <JobInput job={job} />
        {job.error && <JobErrorAlert job={job} />}
        {(job.attempt > 0 || job.space === null) && (
          <JobOutputView id={id} active={job.finishedAt === null} result={textOf(job.result)} />
        )}
        {job.status === 'COMPLETED' && <JobResult job={job} />}
        <Group justify="space-between" gap="xs">
          <JobFacts job={job} />
          <JobActions job={job} onRetried={onRetried} />
        </Group>
        {error && <ErrorAlert error={error} />}
      </Stack>
    </Paper>
  );
}

function Message({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const said = saidOf(job, t);
  return said && <Text size="sm">{said}</Text>;
}

/** What was asked. */
function JobInput({ job: { input } }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  if (!input?.prompt && !input?.files.length) return null;
  return (
    <Stack gap="xs">
      {input.prompt && (
        <Spoiler
          maxHeight={84}
          showLabel={t('jobs.unfold')}
          hideLabel={t('jobs.fold')}
          styles={{ control: { fontSize: 'var(--mantine-font-size-sm)' } }}
        >
          <Text size="sm" className="prompt">
            {input.prompt}
          </Text>
        </Spoiler>
      )}
      <StoredFiles files={input.files} label={t('jobs.sent')} small />
    </Stack>
  );
}

function JobErrorAlert({ job }: { job: JobSnapshot }) {
  const { t } = useTranslation();
  const { words, message } = failureOf(job, t, useViewer()?.role === 'ADMIN');
  return (
    <Alert color="red">
      {words && <Text size="sm">{words}</Text>}
      {message && (
        <Text size="sm" className="preserved">
          {message}
        </Text>
      )}
      <Code mt={4}>{job.error?.code}</Code>
    </Alert>
  );
}

function JobActions({ job, onRetried }: { job: JobSnapshot; onRetried: JobCardProps['onRetried'] }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [cancelling, cancel] = useMutation(cancelJobMutation);
  const [retrying, retry] = useMutation(retryJobMutation);
  const mine = viewer !== null && (viewer.role === 'ADMIN' || viewer.id === job.submitter?.id);
  if (!mine) return null;
  // What was to be stopped and has ended is nobody's concern any more.
  const refusal = job.finishedAt === null ? cancelling.error : retrying.error;
  return (
    <Group gap="xs">
      {job.finishedAt === null && (
        <Button
          size="compact-sm"
          variant="default"
          disabled={job.status === 'CANCELLING'}
          loading={cancelling.fetching}
          onClick={() => void cancel({ id: job.id })}
        >
          {t(job.status === 'CANCELLING' ? 'job.status.CANCELLING' : 'job.cancel')}
        </Button>
      )}
      {job.finishedAt !== null && job.space !== null && onRetried && (
        <Button
          size="compact-sm"
          variant="default"
          loading={retrying.fetching}
          onClick={() => void retry({ id: job.id }).then(({ data }) => data && onRetried(data.retryJob))}
        >
          {t('job.retry')}
        </Button>
      )}
      {refusal && <ErrorAlert error={refusal} />}
    </Group>
  );
}
