import { Alert, Anchor, Button, Group, Paper, Stack, Tabs, Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { Link } from 'wouter';
import type { CreateTokenMutation } from '../../../gql/graphql.ts';
import { Connection } from '../../../parts/connection.tsx';
import { CopyBlock } from '../parts/copy.tsx';
import { AdminPage } from '../parts/page.tsx';
import { commandsFor } from './commands.ts';

export type CreatedTokenProps = CreateTokenMutation['createToken'] & {
  of: string;
  /** Where the tokens are listed. */
  back: string;
  /** One that a script can submit a prompt to. */
  example: string | undefined;
};

/** A token that was just made: its secret, this once, and what to do with it. */
export function CreatedToken({ secret, token, of, back, example }: CreatedTokenProps) {
  const { t } = useTranslation();
  const role = token.role as 'APP' | 'REPORTER' | 'USER' | 'ADMIN';
  const spaces = token.spaces ?? [];
  const commands = commandsFor(role, {
    url: location.origin,
    secret,
    spaces: role === 'APP' ? spaces : example === undefined ? [] : [example],
    prefix: token.prefix ?? '',
  });
  const ways = Object.keys(commands);
  const heading = role === 'APP' ? 'start' : role === 'REPORTER' ? 'report' : 'use';
  return (
    <AdminPage
      title={t('admin.tokens.createdTitle')}
      of={of}
      intro={token.name}
      fresh
      actions={
        <Button component={Link} to={back} variant="default">
          {t('admin.actions.done')}
        </Button>
      }
    >
      <Alert color="yellow" role="alert" styles={{ message: { color: 'var(--mantine-color-text)' } }}>
        {t('admin.tokens.once')}
      </Alert>
      <Stack gap={4}>
        <Text fw={600} size="sm">
          {t('admin.tokens.secret')}
        </Text>
        <CopyBlock text={secret} label={t('admin.tokens.secret')} />
      </Stack>
      {spaces.length > 0 && (
        <Paper withBorder p="md" component="section" aria-labelledby="admin-token-spaces">
          <Text fw={600} size="sm" mb={6} id="admin-token-spaces">
            {t('admin.tokens.state')}
          </Text>
          <Stack gap={6}>
            {spaces.map((id) => (
              <Group key={id} gap="sm">
                <Anchor component={Link} to={`/spaces/${id}`}>
                  {id}
                </Anchor>
                <Connection space={id} />
              </Group>
            ))}
          </Stack>
        </Paper>
      )}
      <Stack gap="xs">
        <Title order={3} size="h4">
          {t(`admin.tokens.${heading}`)}
        </Title>
        <Tabs defaultValue={ways[0]} keepMounted={false}>
          <Tabs.List>
            {ways.map((way) => (
              <Tabs.Tab key={way} value={way}>
                {t(`admin.tokens.how.${way}`)}
              </Tabs.Tab>
            ))}
          </Tabs.List>
          {Object.entries(commands).map(([way, text]) => (
            <Tabs.Panel key={way} value={way} pt="sm">
              <Stack gap="xs">
                <Text size="sm" c="dimmed">
                  {t(`admin.tokens.how.${way}Text`)} {/ spacedock /.test(text) && t('admin.tokens.how.clone')}
                </Text>
                <CopyBlock text={text} label={t(`admin.tokens.how.${way}`)} />
              </Stack>
            </Tabs.Panel>
          ))}
        </Tabs>
      </Stack>
    </AdminPage>
  );
}
