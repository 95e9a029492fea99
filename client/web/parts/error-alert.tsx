import { Alert, Button, Code, Group, Text } from '@mantine/core';
import { type ReactNode, useCallback, useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';
import { useReconnected } from './coming-back.ts';
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

interface ErrorAlertProps {
  error: CombinedError | Problem;
  words?: string | undefined;
  /** Asks once more; by itself as soon as the server can be reached again. */
  again?(): void;
  children?: ReactNode;
}

/**
 * Why something did not work, what to do about it, and the code to tell somebody else. That the server was not reached is over when it is
 * there again.
 */
export function ErrorAlert({ error, words, again, children }: ErrorAlertProps) {
  const { t } = useTranslation();
  const problem = 'graphQLErrors' in error ? problemOf(error) : error;
  const unreached = problem.code === null;
  const [over, setOver] = useState<typeof error | null>(null);
  // biome-ignore lint/correctness/useExhaustiveDependencies: another error is another matter
  const back = useCallback(() => {
    setOver(error);
    if (unreached) again?.();
  }, [error]);
  useReconnected(back);
  if (unreached && over === error) return null;
  return (
    <Alert color={unreached ? 'yellow' : 'red'} role="alert">
      <Text size="sm">{words ?? wordsOf(problem, t)}</Text>
      {unreached && again && (
        <Button size="compact-sm" variant="default" mt={6} onClick={again}>
          {t('errors.again')}
        </Button>
      )}
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
