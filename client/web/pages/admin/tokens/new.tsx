import { Alert, Button, MultiSelect, NativeSelect, Paper, Radio, Stack, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, useSearch } from 'wouter';
import { graphql } from '../../../gql/index.ts';
import { useViewer } from '../../../parts/viewer.tsx';
import { useAsked } from '../parts/asked.ts';
import { AdminPage, OpenHint } from '../parts/page.tsx';
import { Problem, problemOf } from '../parts/problem.tsx';
import { CreatedToken } from './created.tsx';

const spacesQuery = graphql(`query AdminSpaceNames { spaces { id title maySubmit inputs { prompt } } }`);
const createTokenMutation = graphql(`
  mutation CreateToken($input: CreateTokenInput!) {
    createToken(input: $input) { secret token { id name role spaces prefix expiresAt } }
  }
`);

const ROLES = ['APP', 'REPORTER', 'USER', 'ADMIN'] as const;
type TokenRole = (typeof ROLES)[number];
const FIELDS = ['input.name', 'input.spaces', 'input.prefix', 'input.role'];

/** `own`: for scripts of whoever asks, who need not administer. */
export function NewTokenPage({ own = false }: { own?: boolean }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const roles = !own ? ROLES : viewer?.role === 'ADMIN' ? (['USER', 'ADMIN'] as const) : (['USER'] as const);
  const of = t(own ? 'account.title' : 'admin.title');
  const wanted = new URLSearchParams(useSearch()).get('space');
  const { data } = useAsked(spacesQuery, {});
  const [name, setName] = useState('');
  const [role, setRole] = useState<TokenRole>(roles[0]);
  const [spaces, setSpaces] = useState<string[]>(wanted ? [wanted] : []);
  const [prefix, setPrefix] = useState('');
  const [days, setDays] = useState('');
  const [{ fetching, error, data: created }, create] = useMutation(createTokenMutation);
  if (created) {
    const example = data?.spaces.find(({ maySubmit, inputs }) => maySubmit && inputs.prompt)?.id;
    const back = own ? '/account' : '/admin/tokens';
    return <CreatedToken {...created.createToken} of={of} back={back} example={example} />;
  }

  function submit(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    void create({
      input: {
        name,
        role,
        ...(role === 'APP' ? { spaces } : {}),
        ...(role === 'REPORTER' && prefix ? { prefix } : {}),
        ...(days ? { expiresInDays: Number(days) } : {}),
      },
    });
  }

  return (
    <AdminPage
      title={t('admin.tokens.newTitle')}
      of={of}
      intro={t(own ? 'admin.tokens.ownIntro' : 'admin.tokens.intro')}
    >
      <OpenHint />
      <Paper component="form" onSubmit={submit} withBorder p="lg" maw={640}>
        <Stack gap="lg">
          <TextInput
            label={t('admin.tokens.name')}
            description={t('admin.tokens.nameHint')}
            placeholder={own ? undefined : t('admin.tokens.namePlaceholder')}
            autoComplete="off"
            required
            maxLength={64}
            value={name}
            onChange={(event) => setName(event.currentTarget.value)}
            error={problemOf(error, 'input.name')}
          />
          {roles.length > 1 && (
            <Radio.Group
              label={t('admin.tokens.role')}
              value={role}
              onChange={(value) => setRole(value as TokenRole)}
              error={problemOf(error, 'input.role')}
            >
              <Stack gap="sm" mt={6}>
                {roles.map((one) => (
                  <Radio
                    key={one}
                    value={one}
                    label={t(`admin.role.${one}`)}
                    description={t(`admin.tokens.roleHint.${one}`)}
                  />
                ))}
              </Stack>
            </Radio.Group>
          )}
          {role === 'APP' &&
            (data?.spaces.length === 0 ? (
              <Alert color="yellow">
                {t('admin.tokens.noSpaces')} <Link to="/admin/spaces/new">{t('admin.spaces.new')}</Link>
              </Alert>
            ) : (
              <MultiSelect
                label={t('admin.tokens.spaces')}
                data={(data?.spaces ?? []).map(({ id, title }) => ({
                  value: id,
                  label: title === id ? id : `${title} (${id})`,
                }))}
                value={spaces}
                onChange={setSpaces}
                required
                withAsterisk
                searchable
                maxValues={100}
                error={problemOf(error, 'input.spaces')}
              />
            ))}
          {role === 'REPORTER' && (
            <TextInput
              label={t('admin.tokens.prefix')}
              description={t('admin.tokens.prefixHint')}
              placeholder="render-"
              autoComplete="off"
              pattern="[A-Za-z0-9_\-]*"
              maxLength={127}
              value={prefix}
              onChange={(event) => setPrefix(event.currentTarget.value)}
              error={problemOf(error, 'input.prefix')}
            />
          )}
          <NativeSelect
            label={t('admin.tokens.expiry')}
            value={days}
            onChange={(event) => setDays(event.currentTarget.value)}
            data={[
              { value: '', label: t('admin.tokens.noEnd') },
              ...[1, 7, 30, 90].map((count) => ({ value: `${count}`, label: t('admin.tokens.days', { count }) })),
              { value: '365', label: t('admin.tokens.year') },
            ]}
          />
          <Problem error={error} fields={FIELDS} />
          <Button type="submit" loading={fetching} style={{ alignSelf: 'start' }}>
            {t('admin.tokens.create')}
          </Button>
        </Stack>
      </Paper>
    </AdminPage>
  );
}
