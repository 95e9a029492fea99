import { Alert, Anchor, Badge, Button, Code, Group, Paper, Progress, Stack, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { cancelJobMutation } from '../../sdk/documents.ts';
import { useJob, useJobOutput } from '../../sdk/react.ts';
import { messageOf } from './errors.ts';

const COLOURS = {
  QUEUED: 'gray',
  RUNNING: 'blue',
  CANCELLING: 'yellow',
  COMPLETED: 'green',
  FAILED: 'red',
  CANCELLED: 'gray',
  TIMED_OUT: 'red',
};

/** A job as it is now, and as it becomes. */
export function JobCard({ id }: { id: string }) {
  const { t } = useTranslation();
  const { data: job, error } = useJob(id);
  const { data: output } = useJobOutput(id);
  const [{ error: refusal }, cancel] = useMutation(cancelJobMutation);
  if (error) return <Alert color="red">{messageOf(error, t)}</Alert>;
  if (!job) return <Text c="dimmed">{t('job.notYet')}</Text>;
  const active = job.finishedAt === null;
  return (
    <Paper withBorder p="md" component="article" aria-label={`${t('job.title')} ${id}`}>
      <Stack gap="xs">
        <Group justify="space-between">
          <Group gap="xs">
            <Badge color={COLOURS[job.status]} tt="none">
              {t(`job.status.${job.status}`)}
            </Badge>
            <Text fw={600}>{job.title ?? job.stage}</Text>
            {job.queuePosition != null && <Text>{t('job.place', { position: job.queuePosition })}</Text>}
          </Group>
          <Anchor component={Link} to={`/jobs/${id}`} size="xs" ff="monospace">
            {id}
          </Anchor>
        </Group>
        {job.status !== 'QUEUED' && (
          <Progress value={job.progress * 100} aria-label={job.stage ?? t('job.title')} animated={active} />
        )}
        {job.message && <Text size="sm">{job.message}</Text>}
        {output && <Code block>{output.text}</Code>}
        {job.error && (
          <Alert color="red">
            {job.error.message} ({job.error.code})
          </Alert>
        )}
        {job.status === 'COMPLETED' && (
          <Code block>{typeof job.result === 'string' ? job.result : JSON.stringify(job.result, null, 2)}</Code>
        )}
        <Group gap="md">
          {job.processingTime != null && (
            <Text size="sm" c="dimmed">
              {t('job.took', { seconds: (job.processingTime / 1000).toFixed(1) })}
            </Text>
          )}
          {job.confidence != null && (
            <Text size="sm" c="dimmed">
              {t('job.confidence', { percent: Math.round(job.confidence * 100) })}
            </Text>
          )}
          {active && (
            <Button
              size="compact-sm"
              variant="default"
              disabled={job.status === 'CANCELLING'}
              onClick={() => void cancel({ id })}
            >
              {t('job.cancel')}
            </Button>
          )}
        </Group>
        {refusal && <Alert color="red">{messageOf(refusal, t)}</Alert>}
      </Stack>
    </Paper>
  );
}
