import { useMemo } from 'react';
import { useTranslation } from 'react-i18next';
import type { CombinedError } from 'urql';
import { ErrorAlert } from '../../parts/error-alert.tsx';
import { problemOf } from '../../parts/errors.ts';
import { useFormat } from '../../parts/format.ts';

/** Why a password did not do: it is `wrong`, or there were too many wrong ones, and then until when none counts. */
export function PasswordRefused({ error, wrong }: { error: CombinedError; wrong: string }) {
  const { t } = useTranslation();
  const format = useFormat();
  const { code, until } = useMemo(() => {
    const { code, retryAfterSeconds = 0 } = problemOf(error);
    return { code, until: new Date(Date.now() + retryAfterSeconds * 1000).toISOString() };
  }, [error]);
  const words: Partial<Record<string, string>> = {
    UNAUTHENTICATED: wrong,
    RATE_LIMITED: t('account.locked', { time: format.time(until) }),
  };
  return <ErrorAlert error={error} words={words[code ?? '']} />;
}
