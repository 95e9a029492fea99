import { Button, Group, Loader, Paper, Stack, Text } from '@mantine/core';
import { type SubmitEvent, useEffect, useRef, useState } from 'react';
import { flushSync } from 'react-dom';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, useLocation } from 'wouter';
import { createSpaceMutation, updateSpaceMutation } from '../../../../sdk/documents.ts';
import { graphql } from '../../../gql/index.ts';
import { useAsked } from '../parts/asked.ts';
import { AdminPage } from '../parts/page.tsx';
import { Problem, problemOf } from '../parts/problem.tsx';
import { Unsaved } from '../parts/unsaved.tsx';
import { AudienceFields } from './audience.tsx';
import { BasicFields } from './basics.tsx';
import { DeleteSpace } from './delete.tsx';
import { changed, created, type Draft, draftOf, isSound, NEW } from './draft.ts';
import { InputFields } from './inputs.tsx';
import { PolicyFields } from './policy.tsx';

const spaceQuery = graphql(`
  query AdminSpace($id: ID!, $new: Boolean!) {
    space(id: $id) @skip(if: $new) {
      id title description visibility visitors members
      inputs { prompt parameters files { accept maxBytes maxCount } }
      policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }
    }
    users { name enabled }
  }
`);

/** What every part of the form gets. */
export interface PartProps {
  draft: Draft;
  change(part: Partial<Draft>): void;
  /** What the server refused about a field of the input: `input.title`. */
  problem(field: string): string | null;
}

/** A space that is there, or, null, a new one. */
export function EditSpacePage({ id }: { id: string | null }) {
  const { t } = useTranslation();
  const { data, error } = useAsked(spaceQuery, { id: id ?? '', new: id === null });
  if (!data) return error ? <Problem error={error} /> : <Loader m="xl" />;
  if (id !== null && !data.space) return <Text>{t('space.gone')}</Text>;
  const users = data.users.filter(({ enabled }) => enabled).map(({ name }) => name);
  return <SpaceForm id={id} initial={data.space ? draftOf(data.space) : NEW} users={users} />;
}

const FIELDS = [
  'input.id',
  'input.title',
  'input.description',
  'input.inputs.files',
  'input.inputs.parameters',
  'input.policy',
  'input.members',
];

const focusWrong = (form: HTMLFormElement | null) => form?.querySelector<HTMLElement>('[aria-invalid=true]')?.focus();

function SpaceForm({ id, initial, users }: { id: string | null; initial: Draft; users: string[] }) {
  const { t } = useTranslation();
  const [, navigate] = useLocation();
  // What is stored changes under who edits only when they save.
  const [before, setBefore] = useState(initial);
  const [draft, setDraft] = useState(initial);
  const [said, setSaid] = useState<'saved' | 'unchanged' | null>(null);
  const [deleting, setDeleting] = useState(false);
  const [{ fetching: creating, error: notCreated }, create] = useMutation(createSpaceMutation);
  const [{ fetching: updating, error: notUpdated }, update] = useMutation(updateSpaceMutation);
  const error = notCreated ?? notUpdated;
  const isChanged = JSON.stringify(before) !== JSON.stringify(draft);
  const form = useRef<HTMLFormElement>(null);
  useEffect(() => {
    if (error) focusWrong(form.current);
  }, [error]);

  const part: PartProps = {
    draft,
    problem: (field) => problemOf(error, field),
    change(values) {
      setSaid(null);
      setDraft((now) => ({ ...now, ...values }));
    },
  };

  /** With nothing unsaved: nobody is asked. */
  function leave(to: string): void {
    flushSync(() => setBefore(draft));
    navigate(to);
  }

  async function submit(event: SubmitEvent<HTMLFormElement>): Promise<void> {
    event.preventDefault();
    if (!isSound(draft)) {
      focusWrong(form.current);
      return;
    }
    if (id === null) {
      const { data } = await create({ input: created(draft) });
      if (data) leave(`/admin/spaces/${data.createSpace.id}`);
      return;
    }
    const input = changed(before, draft);
    if (!input) {
      setSaid('unchanged');
      return;
    }
    const { data } = await update({ input });
    if (!data) return;
    setBefore(draft);
    setSaid('saved');
  }

  return (
    <AdminPage
      title={id === null ? t('admin.spaces.newTitle') : t('admin.spaces.editTitle', { id })}
      actions={
        id !== null && (
          <>
            <Button component={Link} to={`/spaces/${id}`} variant="default">
              {t('admin.spaces.open')}
            </Button>
            <Button component={Link} to={`/admin/tokens/new?space=${id}`} variant="default">
              {t('admin.spaces.token')}
            </Button>
          </>
        )
      }
    >
      <form ref={form} onSubmit={(event) => void submit(event)}>
        <Stack>
          <BasicFields {...part} isNew={id === null} />
          <InputFields {...part} />
          <PolicyFields {...part} />
          <AudienceFields {...part} users={users} />
          <Problem error={error} fields={FIELDS} />
          <Paper withBorder p="sm" className="admin-save">
            <Group justify="space-between">
              <Group gap="sm">
                <Button type="submit" loading={creating || updating}>
                  {t('admin.actions.save')}
                </Button>
                <Text role="status" size="sm">
                  {said ? t(`admin.spaces.${said}`) : id !== null && isChanged ? t('admin.spaces.unsaved') : ''}
                </Text>
              </Group>
              {id === null ? (
                <Button component={Link} to="/admin/spaces" variant="default">
                  {t('admin.actions.cancel')}
                </Button>
              ) : (
                <Button variant="default" onClick={() => setDeleting(true)}>
                  {t('admin.actions.delete')}
                </Button>
              )}
            </Group>
          </Paper>
        </Stack>
      </form>
      {isChanged && <Unsaved />}
      {deleting && id !== null && (
        <DeleteSpace id={id} onClose={() => setDeleting(false)} onDone={() => leave('/admin/spaces')} />
      )}
    </AdminPage>
  );
}
