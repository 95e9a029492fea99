import { useTranslation } from 'react-i18next';
import { useFormat } from '../../parts/format.ts';

/** How large a prompt is, of at most so many bytes of UTF-8: said when that begins to matter. */
export function usePromptSize(prompt: string, max: number): { description?: string; error: string | null } {
  const { t } = useTranslation();
  const { bytes } = useFormat();
  const size = new TextEncoder().encode(prompt).length;
  if (size <= max / 2) return { error: null };
  return {
    description: t('form.promptSize', { size: bytes(size), limit: bytes(max) }),
    error: size > max ? t('form.promptTooLarge', { over: bytes(size - max) }) : null,
  };
}
