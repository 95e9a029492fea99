import { useEffect } from 'react';
import { ownerOf, type Viewer } from '../../parts/owner.ts';
import { defaultsOf, type Entries, type Entry, fieldOf, fieldsOf, fits, type Schema } from './parameters.ts';
import type { SentFile } from './uploads.ts';

/** What somebody has typed for a space and not submitted yet. */
export interface Draft {
  prompt: string;
  /** What differs from what the form began with, by parameter. Without an entry: emptied. */
  changes: Record<string, { entry?: Entry }>;
  files: SentFile[];
}

const key = (viewer: Viewer, space: string) => `spacedock-draft-${ownerOf(viewer)}-${space}`;

/** It is of one person, and survives that they load the page anew, in this tab. Who signs out leaves none. */
export function readDraft(viewer: Viewer, space: string): Draft {
  const empty: Draft = { prompt: '', changes: {}, files: [] };
  try {
    return { ...empty, ...(JSON.parse(sessionStorage.getItem(key(viewer, space)) ?? '{}') as Partial<Draft>) };
  } catch {
    return empty;
  }
}

export function useKeptDraft(viewer: Viewer, space: string, draft: Draft): void {
  const place = key(viewer, space);
  const text = JSON.stringify(draft);
  useEffect(() => {
    try {
      sessionStorage.setItem(place, text);
    } catch {
      // No room, or none at all in a private window: then it is kept as long as the page is.
    }
  }, [place, text]);
}

/** What stands in the fields: of the changes, those that the schema as it is now has a field for. */
export function entriesOf(schema: Schema, changes: Draft['changes']): Entries {
  const entries = defaultsOf(schema);
  for (const [name, one] of fieldsOf(schema)) {
    const change = changes[name];
    if (change && fits(fieldOf(one), change.entry)) entries[name] = change.entry;
  }
  return entries;
}
