import { Alert, Button, Paper, PasswordInput, Stack, Text, TextInput, Title } from '@mantine/core';
import type { SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { graphql } from '../../gql/index.ts';
import { messageOf } from '../../parts/errors.ts';

const loginMutation = graphql(`
  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { viewer { id } } }
`);

export default function SignInPage() {
  const { t } = useTranslation();
  const [{ fetching, error }, login] = useMutation(loginMutation);

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { data } = await login({ name: String(form.get('name')), password: String(form.get('password')) });
    // As somebody else, from the beginning.
    if (data) location.assign('/');
  }

  return (
    <Paper component="form" onSubmit={submit} withBorder maw={420} mx="auto" mt="xl" p="lg">
      <Stack>
        <Title order={1} size="h2">
          {t('account.signIn')}
        </Title>
        <TextInput name="name" label={t('account.name')} autoComplete="username" required data-autofocus />
        <PasswordInput name="password" label={t('account.password')} autoComplete="current-password" required />
        {error && <Alert color="red">{messageOf(error, t)}</Alert>}
        <Button type="submit" loading={fetching}>
          {t('account.signIn')}
        </Button>
        <Text size="sm" c="dimmed">
          {t('account.first')}
        </Text>
      </Stack>
    </Paper>
  );
}
