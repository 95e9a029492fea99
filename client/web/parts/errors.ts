import type { TFunction } from 'i18next';
import type { CombinedError } from 'urql';

/** Why the server said no. `code` null: it was not reached. */
export interface Problem {
  code: string | null;
  /** In the server's words. */
  message: string;
  field?: string | undefined;
  limit?: number | undefined;
  retryAfterSeconds?: number | undefined;
}

/** The code of a refusal; null where the server was not reached. */
export function codeOf(error: CombinedError): string | null {
  return problemOf(error).code;
}

export function problemOf(error: CombinedError): Problem {
  const [first] = error.graphQLErrors;
  return first ? fromExtensions(first.message, first.extensions) : { code: null, message: error.message };
}

export function fromExtensions(message: string, extensions: Record<string, unknown> = {}): Problem {
  const { code, field, limit, retryAfterSeconds } = extensions;
  return {
    code: typeof code === 'string' ? code : 'INTERNAL_SERVER_ERROR',
    message,
    field: typeof field === 'string' ? field : undefined,
    limit: typeof limit === 'number' ? limit : undefined,
    retryAfterSeconds: typeof retryAfterSeconds === 'number' ? retryAfterSeconds : undefined,
  };
}

/** What a person can do about it. */
export function wordsOf({ code, message, limit, retryAfterSeconds }: Problem, t: TFunction): string {
  if (code === null) return t('errors.network');
  const wait = retryAfterSeconds ? t('errors.wait', { seconds: Math.ceil(retryAfterSeconds) }) : t('errors.soon');
  return t(`errors.${code}`, { defaultValue: message, limit, wait });
}

/** An error in words a person can act on, with the code behind them. */
export function messageOf(error: CombinedError, t: TFunction): string {
  const problem = problemOf(error);
  return problem.code === null ? wordsOf(problem, t) : `${wordsOf(problem, t)} (${problem.code})`;
}
