import { useEffect } from 'react';
import type { Values } from './parameters.ts';
import type { SentFile } from './uploads.ts';

/** What somebody has typed for a space and not submitted yet. */
export interface Draft {
  prompt: string;
  /** Null: as the space's defaults are. */
  parameters: Values | null;
  files: SentFile[];
}

const key = (space: string) => `spacedock-draft-${space}`;

/** It survives that the page is loaded anew, in this tab. */
export function readDraft(space: string): Draft {
  const empty: Draft = { prompt: '', parameters: null, files: [] };
  try {
    return { ...empty, ...(JSON.parse(sessionStorage.getItem(key(space)) ?? '{}') as Partial<Draft>) };
  } catch {
    return empty;
  }
}

export function useKeptDraft(space: string, draft: Draft): void {
  const text = JSON.stringify(draft);
  useEffect(() => {
    try {
      sessionStorage.setItem(key(space), text);
    } catch {
      // No room, or none at all in a private window: then it is kept as long as the page is.
    }
  }, [space, text]);
}
