import { Box, Button, Code } from '@mantine/core';
import { useState } from 'react';
import { useTranslation } from 'react-i18next';
import type { Json } from '../../sdk/json.ts';

/** Of one level, at first and with every more. */
const AT_A_TIME = 100;
/** Levels that are open at first, as long as there is little in them. */
const OPEN_LEVELS = 2;
const OPEN_ENTRIES = 20;

/** A JSON value to look into: what is in something folded is made when it is opened. */
export function JsonTree({ value, label }: { value: Json; label: string }) {
  return (
    // What scrolls must be reachable by keyboard.
    <Box role="group" className="json-tree" aria-label={label} tabIndex={0}>
      <Node name={null} value={value} depth={0} />
    </Box>
  );
}

function Node({ name, value, depth }: { name: string | null; value: Json; depth: number }) {
  const isList = Array.isArray(value);
  const entries = typeof value === 'object' && value !== null ? Object.entries(value) : null;
  const [open, setOpen] = useState(depth < OPEN_LEVELS && (entries?.length ?? 0) <= OPEN_ENTRIES);
  if (entries === null || entries.length === 0) {
    return (
      <div className="json-leaf">
        <Name name={name} />
        <Scalar value={value} />
      </div>
    );
  }
  return (
    <details open={open} onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>
        <Name name={name} />
        <span className="json-size">{isList ? `[${entries.length}]` : `{${entries.length}}`}</span>
      </summary>
      {open && <Entries entries={entries} depth={depth + 1} />}
    </details>
  );
}

function Entries({ entries, depth }: { entries: [string, Json][]; depth: number }) {
  const { t } = useTranslation();
  const [shown, setShown] = useState(AT_A_TIME);
  return (
    <div className="json-entries">
      {entries.slice(0, shown).map(([key, value]) => (
        <Node key={key} name={key} value={value} depth={depth} />
      ))}
      {entries.length > shown && (
        <Button size="compact-xs" variant="default" onClick={() => setShown(shown + AT_A_TIME)}>
          {t('jobs.moreEntries', { count: entries.length - shown })}
        </Button>
      )}
    </div>
  );
}

const Name = ({ name }: { name: string | null }) =>
  name === null ? null : <span className="json-name">{name}: </span>;

function Scalar({ value }: { value: Json }) {
  if (Array.isArray(value)) return <Code>[]</Code>;
  if (typeof value === 'object' && value !== null) return <Code>{'{}'}</Code>;
  return <span className={`json-${typeof value}`}>{typeof value === 'string' ? value : JSON.stringify(value)}</span>;
}
