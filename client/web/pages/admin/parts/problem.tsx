import { Alert } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';
import { messageOf } from '../../../parts/errors.ts';

/** What was refused, unless a field of the form shows it. */
export function Problem({ error, fields = [] }: { error: CombinedError | undefined; fields?: string[] }) {
  const { t } = useTranslation();
  if (!error || fields.some((name) => problemOf(error, name) !== null)) return null;
  return (
    <Alert color="red" role="alert">
      {messageOf(error, t)}
    </Alert>
  );
}

/** What was refused about this field of the form, `input.title`, or null. */
export function problemOf(error: CombinedError | undefined, name: string): string | null {
  const [refusal] = error?.graphQLErrors ?? [];
  const { field } = refusal?.extensions ?? {};
  if (!refusal || typeof field !== 'string') return null;
  if (field !== name && !field.startsWith(`${name}.`)) return null;
  const { message } = refusal;
  return message.startsWith(`${field}: `) ? message.slice(field.length + 2) : message;
}
