import '../admin/admin.css';
import '../admin/texts/index.ts';
import { Alert, Button, Group, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, Route, Switch } from 'wouter';
import { graphql } from '../../gql/index.ts';
import { Empty } from '../../parts/empty.tsx';
import { Page } from '../../parts/page.tsx';
import { signInPath, useViewer } from '../../parts/viewer.tsx';
import { TokenList } from '../admin/tokens/list.tsx';
import { NewTokenPage } from '../admin/tokens/new.tsx';
import { NotFoundPage } from '../not-found/index.tsx';
import { PasswordRefused } from '../sign-in/refused.tsx';

const changeMutation = graphql(`
  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }
`);

/** Of whoever is signed in. */
export default function AccountPages() {
  const { t } = useTranslation();
  const viewer = useViewer();
  if (!viewer) return null;
  if (viewer.role === 'ANONYMOUS') {
    return (
      <Page title={t('account.title')}>
        <Empty title={t('account.notSignedIn')}>
          <Link to={signInPath()}>{t('account.signIn')}</Link>
        </Empty>
      </Page>
    );
  }
  return (
    <Switch>
      <Route path="/account">
        <Page title={t('account.title')}>
          <Text>{t('account.signedInAs', { name: viewer.name })}</Text>
          <ChangePassword name={viewer.name} />
          <Tokens />
        </Page>
      </Route>
      <Route path="/account/tokens/new">
        <Stack>
          <Title order={1}>{t('account.title')}</Title>
          <NewTokenPage own />
        </Stack>
      </Route>
      <Route component={NotFoundPage} />
    </Switch>
  );
}

function Tokens() {
  const { t } = useTranslation();
  return (
    <Paper withBorder p="lg" component="section" aria-label={t('admin.tokens.own')}>
      <Stack>
        <Group justify="space-between" align="start">
          <div>
            <Title order={2} size="h4">
              {t('admin.tokens.own')}
            </Title>
            <Text size="sm" c="dimmed">
              {t('admin.tokens.ownIntro')}
            </Text>
          </div>
          <Button component={Link} to="/account/tokens/new" variant="default">
            {t('admin.tokens.new')}
          </Button>
        </Group>
        <TokenList own />
      </Stack>
    </Paper>
  );
}

function ChangePassword({ name }: { name: string }) {
  const { t } = useTranslation();
  const [{ data, error, fetching }, change] = useMutation(changeMutation);
  const [differs, setDiffers] = useState(false);

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    const element = event.currentTarget;
    const form = new FormData(element);
    const wanted = String(form.get('new'));
    const same = wanted === String(form.get('again'));
    setDiffers(!same);
    if (!same) return;
    const answer = await change({ current: String(form.get('current')), new: wanted });
    if (answer.data) element.reset();
  }

  const show = { visibilityToggleButtonProps: { 'aria-label': t('account.show') } };
  return (
    <Paper component="form" onSubmit={submit} withBorder maw={420} w="100%" p="lg">
      <Stack>
        <Title order={2} size="h4">
          {t('account.change')}
        </Title>
        <input type="text" name="username" value={name} autoComplete="username" readOnly hidden />
        <PasswordInput name="current" label={t('account.current')} autoComplete="current-password" required {...show} />
        <PasswordInput
          name="new"
          label={t('account.new')}
          description={t('account.rule')}
          autoComplete="new-password"
          minLength={8}
          maxLength={256}
          required
          {...show}
        />
        <PasswordInput
          name="again"
          label={t('account.again')}
          autoComplete="new-password"
          required
          error={differs && t('account.differs')}
          {...show}
        />
        {error && <PasswordRefused error={error} wrong={t('account.wrongCurrent')} />}
        {data?.changePassword && (
          <Alert color="green" role="status">
            {t('account.changed')}
          </Alert>
        )}
        <Button type="submit" loading={fetching} style={{ alignSelf: 'start' }}>
          {t('account.change')}
        </Button>
      </Stack>
    </Paper>
  );
}
