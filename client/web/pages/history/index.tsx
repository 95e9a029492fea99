import { Button, Group, Select, TextInput } from '@mantine/core';
import { type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useQuery } from 'urql';
import { Link, useLocation, useSearchParams } from 'wouter';
import type { JobRowFragment } from '../../../sdk/gql/graphql.ts';
import { graphql } from '../../gql/index.ts';
import { byTitle } from '../../parts/by-title.ts';
import { Page } from '../../parts/page.tsx';
import { useViewer } from '../../parts/viewer.tsx';
import { JobPages } from './job-pages.tsx';
import { place } from './place.ts';

const namesQuery = graphql(`query SpaceNames { spaces { id title } }`);
const peopleQuery = graphql(`query UserNames { users { id name } }`);

type Status = JobRowFragment['status'];

/** What people tell apart, as what the server does. */
const FILTERS: Record<string, Status[]> = {
  active: ['QUEUED', 'RUNNING', 'CANCELLING'],
  completed: ['COMPLETED'],
  failed: ['FAILED', 'TIMED_OUT'],
  cancelled: ['CANCELLED'],
};

export default function HistoryPage() {
  const { t, i18n } = useTranslation();
  const viewer = useViewer();
  const [search, setSearch] = useSearchParams();
  const admin = viewer?.role === 'ADMIN';
  const [{ data }] = useQuery({ query: namesQuery });
  const [{ data: people }] = useQuery({ query: peopleQuery, pause: !admin });
  const [returned] = useState(() => place().opened !== undefined);
  const status = search.get('status') ?? '';
  const space = search.get('space');
  const submitter = search.get('by');

  function choose(name: string, value: string | null): void {
    setSearch((before) => {
      const next = new URLSearchParams(before);
      if (value) next.set(name, value);
      else next.delete(name);
      return next;
    });
  }

  /** All, then each; also what the address names and nobody knows. */
  const choices = (known: { value: string; label: string }[], chosen: string | null) => [
    { value: '', label: t('history.any') },
    ...known,
    ...(chosen && known.every(({ value }) => value !== chosen) ? [{ value: chosen, label: chosen }] : []),
  ];

  return (
    <Page title={t(admin ? 'nav.everybody' : 'nav.history')} returned={returned}>
      <Group align="end" gap="sm">
        <Select
          label={t('history.status')}
          data={[
            { value: '', label: t('history.any') },
            ...Object.keys(FILTERS).map((value) => ({ value, label: t(`history.${value}`) })),
          ]}
          value={status in FILTERS ? status : ''}
          onChange={(value) => choose('status', value)}
          allowDeselect={false}
          w={{ base: '100%', xs: 170 }}
        />
        <Select
          label={t('history.space')}
          data={choices(
            (data?.spaces ?? [])
              .toSorted(byTitle(i18n.resolvedLanguage))
              .map(({ id, title }) => ({ value: id, label: title })),
            space,
          )}
          value={space ?? ''}
          onChange={(value) => choose('space', value)}
          allowDeselect={false}
          searchable
          w={{ base: '100%', xs: 220 }}
        />
        {people && people.users.length > 0 && (
          <Select
            label={t('history.by')}
            data={choices(
              people.users.map(({ id, name }) => ({ value: id, label: name })),
              submitter,
            )}
            value={submitter ?? ''}
            onChange={(value) => choose('by', value)}
            allowDeselect={false}
            searchable
            w={{ base: '100%', xs: 180 }}
          />
        )}
        <FindJob />
      </Group>
      <JobPages key={`${status} ${space} ${submitter}`} filter={{ status: FILTERS[status] ?? null, space, submitter }}>
        <Link to="/">{t('nav.spaces')}</Link>
      </JobPages>
    </Page>
  );
}

function FindJob() {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  const [id, setId] = useState('');
  function find(event: SubmitEvent<HTMLFormElement>): void {
    event.preventDefault();
    if (id.trim()) navigate(`/jobs/${encodeURIComponent(id.trim())}`);
  }
  return (
    <form onSubmit={find} style={{ flex: '1 1 260px' }}>
      <Group align="end" gap="xs" wrap="nowrap">
        <TextInput
          label={t('job.find')}
          value={id}
          onChange={({ currentTarget }) => setId(currentTarget.value)}
          flex={1}
        />
        <Button type="submit" variant="default">
          {t('history.go')}
        </Button>
      </Group>
    </form>
  );
}
