import { Button, Group, PasswordInput, SegmentedControl, Stack, Text, TextInput } from '@mantine/core';
import { type ReactNode, type SubmitEvent, useState } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { graphql } from '../../../gql/index.ts';
import { Copy } from '../parts/copy.tsx';
import { Dialog } from '../parts/dialog.tsx';
import { Problem, problemOf } from '../parts/problem.tsx';

const createUserMutation = graphql(`
  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id name } }
`);
const resetPasswordMutation = graphql(`
  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }
`);

// Without those that look alike.
const LETTERS = 'abcdefghijkmnpqrstuvwxyzABCDEFGHJKLMNPQRSTUVWXYZ23456789';

/** 20 characters in groups of five: about 115 bits. */
function suggestion(): string {
  const picks = crypto.getRandomValues(new Uint32Array(20));
  const letters = [...picks].map((pick) => LETTERS[pick % LETTERS.length]).join('');
  return letters.match(/.{5}/g)!.join('-');
}

/** A password to hand over: one's own, or one that is suggested. */
function Password({ value, error, onChange }: { value: string; error: string | null; onChange(value: string): void }) {
  const { t } = useTranslation();
  const [seen, setSeen] = useState(false);
  return (
    <Stack gap={6}>
      <PasswordInput
        label={t('admin.users.password')}
        description={t('admin.users.passwordHint')}
        autoComplete="new-password"
        required
        minLength={8}
        maxLength={256}
        data-autofocus
        visible={seen}
        onVisibilityChange={setSeen}
        value={value}
        onChange={(event) => onChange(event.currentTarget.value)}
        error={error}
      />
      <Group gap="xs">
        <Button
          size="compact-sm"
          variant="default"
          onClick={() => {
            onChange(suggestion());
            setSeen(true);
          }}
        >
          {t('admin.users.suggest')}
        </Button>
        {value !== '' && <Copy text={value} />}
      </Group>
    </Stack>
  );
}

function FormDialog({
  title,
  action,
  busy,
  onClose,
  onSubmit,
  children,
}: {
  title: string;
  action: string;
  busy: boolean;
  onClose(): void;
  onSubmit(): void;
  children: ReactNode;
}) {
  const { t } = useTranslation();
  const submit = (event: SubmitEvent<HTMLFormElement>) => {
    event.preventDefault();
    onSubmit();
  };
  return (
    <Dialog title={title} onClose={onClose}>
      <form onSubmit={submit}>
        <Stack>
          {children}
          <Group justify="end">
            <Button variant="default" onClick={onClose}>
              {t('admin.actions.cancel')}
            </Button>
            <Button type="submit" loading={busy}>
              {action}
            </Button>
          </Group>
        </Stack>
      </form>
    </Dialog>
  );
}

export function NewUser({ onClose, onDone }: { onClose(): void; onDone(name: string): void }) {
  const { t } = useTranslation();
  const [name, setName] = useState('');
  const [password, setPassword] = useState('');
  const [role, setRole] = useState<'USER' | 'ADMIN'>('USER');
  const [{ fetching, error }, create] = useMutation(createUserMutation);
  return (
    <FormDialog
      title={t('admin.users.new')}
      action={t('admin.users.new')}
      busy={fetching}
      onClose={onClose}
      onSubmit={() =>
        void create({ input: { name, password, role } }).then(({ data }) => data && onDone(data.createUser.name))
      }
    >
      <TextInput
        label={t('admin.users.name')}
        description={t('admin.users.nameHint')}
        autoComplete="off"
        required
        maxLength={64}
        data-autofocus
        value={name}
        onChange={(event) => setName(event.currentTarget.value)}
        error={problemOf(error, 'input.name')}
      />
      <Password value={password} onChange={setPassword} error={problemOf(error, 'input.password')} />
      <Stack gap={4}>
        <Text size="sm" fw={500} id="admin-user-role">
          {t('admin.users.role')}
        </Text>
        <SegmentedControl
          aria-labelledby="admin-user-role"
          value={role}
          onChange={setRole}
          data={[
            { value: 'USER', label: t('admin.role.USER') },
            { value: 'ADMIN', label: t('admin.role.ADMIN') },
          ]}
        />
      </Stack>
      <Problem error={error} fields={['input.name', 'input.password']} />
    </FormDialog>
  );
}

export function ResetPassword({ name, onClose, onDone }: { name: string; onClose(): void; onDone(): void }) {
  const { t } = useTranslation();
  const [password, setPassword] = useState('');
  const [{ fetching, error }, reset] = useMutation(resetPasswordMutation);
  return (
    <FormDialog
      title={t('admin.users.resetTitle', { name })}
      action={t('admin.actions.save')}
      busy={fetching}
      onClose={onClose}
      onSubmit={() => void reset({ name, new: password }).then(({ data }) => data && onDone())}
    >
      <Text>{t('admin.users.resetText')}</Text>
      <Password value={password} onChange={setPassword} error={problemOf(error, 'new')} />
      <Problem error={error} fields={['new']} />
    </FormDialog>
  );
}
