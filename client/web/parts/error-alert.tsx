import { Alert, Code, Group, Text } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';
import { type Problem, problemOf, wordsOf } from './errors.ts';

/** Codes whose message says what exactly is wrong. */
const DETAILED = new Set([
  'BAD_USER_INPUT',
  'INPUT_NOT_ACCEPTED',
  'FILE_TYPE_NOT_ACCEPTED',
  'CONFLICT',
  'ALREADY_EXISTS',
  'PAYLOAD_TOO_LARGE',
  'FILE_TOO_LARGE',
]);

/** Why something did not work, what to do about it, and the code to tell somebody else. */
export function ErrorAlert({
  error,
  words,
  children,
}: {
  error: CombinedError | Problem;
  words?: string | undefined;
  children?: ReactNode;
}) {
  const { t } = useTranslation();
  const problem = 'graphQLErrors' in error ? problemOf(error) : error;
  return (
    <Alert color={problem.code === null ? 'yellow' : 'red'} role="alert">
      <Text size="sm">{words ?? wordsOf(problem, t)}</Text>
      {problem.code !== null && (
        <Group gap={6} mt={4} align="baseline">
          <Code>{problem.code}</Code>
          {DETAILED.has(problem.code) && (
            <Text size="xs" c="dimmed" lang="en">
              {problem.message}
            </Text>
          )}
        </Group>
      )}
      {children}
    </Alert>
  );
}
