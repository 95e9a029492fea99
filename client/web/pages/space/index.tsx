import { Alert, Button, Loader, Paper, Stack, Text, Textarea, Title } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { submitInferenceMutation } from '../../../sdk/documents.ts';
import { useSpaceConnection } from '../../../sdk/react.ts';
import { graphql } from '../../gql/index.ts';
import { Connection } from '../../parts/connection.tsx';
import { messageOf } from '../../parts/errors.ts';
import { JobCard } from '../../parts/job-card.tsx';
import { useViewer } from '../../parts/viewer.tsx';

const spaceQuery = graphql(`
  query SpaceForm($id: ID!) {
    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt parameters files { accept maxBytes maxCount } } }
  }
`);

export function SpacePage({ id }: { id: string }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [{ data, error }] = useQuery({ query: spaceQuery, variables: { id } });
  const { data: connection } = useSpaceConnection(data?.space ? id : null);
  const [{ fetching, error: refusal }, submit] = useMutation(submitInferenceMutation);
  const [jobs, setJobs] = useState<string[]>([]);
  if (error) return <Alert color="red">{messageOf(error, t)}</Alert>;
  if (!data) return <Loader m="xl" />;
  const { space } = data;
  if (!space) return <Alert color="gray">{t('space.gone')}</Alert>;
  const offline = connection?.status === 'DISCONNECTED';
  const waits = space.policy.whenOffline === 'QUEUE';

  async function onSubmit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const prompt = String(form.get('prompt') ?? '') || null;
    const answer = await submit({ input: { space: id, prompt } });
    const job = answer.data?.submitInference.id;
    if (job) setJobs((before) => [job, ...before]);
  }

  return (
    <Stack>
      <Title order={1}>{space.title}</Title>
      <Connection space={id} />
      <Text>{space.description}</Text>
      <Paper component="form" onSubmit={onSubmit} withBorder p="lg">
        <Stack>
          {space.inputs.prompt && (
            <Textarea name="prompt" label={t('space.prompt')} autosize minRows={3} maxRows={16} />
          )}
          {!space.maySubmit && <Alert>{t(viewer?.role === 'ANONYMOUS' ? 'space.signIn' : 'space.forbidden')}</Alert>}
          {space.maySubmit && offline && <Alert color="yellow">{t(waits ? 'space.willWait' : 'space.offline')}</Alert>}
          {refusal && <Alert color="red">{messageOf(refusal, t)}</Alert>}
          <Button
            type="submit"
            loading={fetching}
            disabled={!space.maySubmit || (offline && !waits)}
            style={{ alignSelf: 'start' }}
          >
            {t('space.submit')}
          </Button>
        </Stack>
      </Paper>
      {jobs.map((job) => (
        <JobCard key={job} id={job} />
      ))}
    </Stack>
  );
}
