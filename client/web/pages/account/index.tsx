import { Alert, Button, Paper, PasswordInput, Stack, Text, Title } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link } from 'wouter';
import { graphql } from '../../gql/index.ts';
import { Empty } from '../../parts/empty.tsx';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { codeOf } from '../../parts/errors.ts';
import { Page } from '../../parts/page.tsx';
import { signInPath, useViewer } from '../../parts/viewer.tsx';

const changeMutation = graphql(`
  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }
`);

/** Of whoever is signed in. */
export default function AccountPage() {
  const { t } = useTranslation();
  const viewer = useViewer();
  if (!viewer) return null;
  const known = viewer.role !== 'ANONYMOUS';
  return (
    <Page title={t('account.title')}>
      {known ? (
        <>
          <Text>{t('account.signedInAs', { name: viewer.name })}</Text>
          <ChangePassword name={viewer.name} />
        </>
      ) : (
        <Empty title={t('account.notSignedIn')}>
          <Link to={signInPath()}>{t('account.signIn')}</Link>
        </Empty>
      )}
    </Page>
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
        {error && (
          <ErrorAlert
            error={error}
            {...(codeOf(error) === 'UNAUTHENTICATED' && { words: t('account.wrongCurrent') })}
          />
        )}
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
