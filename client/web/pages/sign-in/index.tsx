import { Button, Divider, Loader, Paper, PasswordInput, Stack, Text, TextInput } from '@mantine/core';
import type { SubmitEvent } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation, useQuery } from 'urql';
import { Link } from 'wouter';
import { leaveFor } from '../../client.ts';
import { graphql } from '../../gql/index.ts';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { Page } from '../../parts/page.tsx';
import { returnPath } from '../../parts/viewer.tsx';
import { PasswordRefused } from './refused.tsx';

const loginMutation = graphql(`
  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { expiresAt } }
`);
const waysQuery = graphql(`query SignInWays { signIn { password oidc } }`);

export default function SignInPage() {
  const { t } = useTranslation();
  const [{ data, error }] = useQuery({ query: waysQuery });
  const back = returnPath(location.search);
  return (
    <Page title={t('account.signIn')}>
      {error && <ErrorAlert error={error} />}
      {!data && !error && <Loader aria-label={t('jobs.loading')} />}
      {data && !data.signIn.password && data.signIn.oidc === null && (
        <Empty title={t('account.notNeeded')}>
          <Link to={back}>{t('nav.spaces')}</Link>
        </Empty>
      )}
      {data && (data.signIn.password || data.signIn.oidc !== null) && (
        <Paper withBorder maw={420} w="100%" p="lg">
          <Stack>
            {data.signIn.oidc !== null && (
              <Button component="a" href={`${data.signIn.oidc}?return=${encodeURIComponent(back)}`}>
                {t('account.issuer')}
              </Button>
            )}
            {data.signIn.oidc !== null && data.signIn.password && <Divider label={t('account.or')} />}
            {data.signIn.password && <PasswordForm back={back} />}
          </Stack>
        </Paper>
      )}
    </Page>
  );
}

function PasswordForm({ back }: { back: string }) {
  const { t } = useTranslation();
  const [{ fetching, error }, login] = useMutation(loginMutation);

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const form = new FormData(event.currentTarget);
    const { data } = await login({ name: String(form.get('name')), password: String(form.get('password')) });
    if (data) leaveFor(back);
  }

  return (
    <form onSubmit={submit}>
      <Stack>
        <TextInput name="name" label={t('account.name')} autoComplete="username" autoCapitalize="none" required />
        <PasswordInput
          name="password"
          label={t('account.password')}
          autoComplete="current-password"
          required
          visibilityToggleButtonProps={{ 'aria-label': t('account.show') }}
        />
        {error && <PasswordRefused error={error} wrong={t('account.wrong')} />}
        <Button type="submit" loading={fetching}>
          {t('account.signIn')}
        </Button>
        <Text size="sm" c="dimmed">
          {t('account.first')}
        </Text>
      </Stack>
    </form>
  );
}
