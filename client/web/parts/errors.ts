import type { TFunction } from 'i18next';
import type { CombinedError } from 'urql';

/** The code of a refusal; null where the server was not reached. */
export function codeOf(error: CombinedError): string | null {
  const code = error.graphQLErrors[0]?.extensions.code;
  return typeof code === 'string' ? code : null;
}

/** An error in words a person can act on, with the code behind them. */
export function messageOf(error: CombinedError, t: TFunction): string {
  const code = codeOf(error);
  if (code === null) return t('errors.network');
  return `${t(`errors.${code}`, { defaultValue: error.graphQLErrors[0]!.message })} (${code})`;
}
