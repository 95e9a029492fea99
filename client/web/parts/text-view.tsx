import { Box, Button, CopyButton, Group, SegmentedControl, Text } from '@mantine/core';
import { lazy, type ReactNode, Suspense, useEffect, useLayoutEffect, useRef, useState } from 'react';
import { useTranslation } from 'react-i18next';

const FormattedText = lazy(() => import('./markdown.tsx'));

/** A heading, a list, a fence, a table, emphasis or a link: what people who do not mean Markdown hardly write. */
const MARKDOWN =
  /^#{1,6} \S|^\s*(?:[-*]|\d+\.) \S|^```|^\|.*\|\s*$|\*\*\S[^*\n]*\*\*|\[[^\]\n]+\]\([^)\s]+\)|`[^`\n]+`/m;
/** Reading Markdown costs more than showing it: as often as this while text streams in. */
const FORMAT_MS = 200;
/** More is shown as it is: formatting it would hold up the page. */
const MOST_FORMATTED = 100_000;

export interface TextViewProps {
  label: string;
  text: string;
  /** More is coming: the end stays in view as long as it is. */
  grows?: boolean;
  /** Beside the choice of view. */
  actions?: ReactNode;
  /** Above the text. */
  notice?: ReactNode;
}

/** A text that may be Markdown: formatted, or as it is. */
export function TextView({ label, text, grows = false, actions, notice }: TextViewProps) {
  const { t } = useTranslation();
  const [chosen, setChosen] = useState<'formatted' | 'raw' | null>(null);
  const possible = text.length <= MOST_FORMATTED;
  // As soon as it looks like it: it does not go back in mid-stream.
  const seen = useRef(false);
  seen.current ||= possible && MARKDOWN.test(text);
  const view = possible ? (chosen ?? (seen.current ? 'formatted' : 'raw')) : 'raw';
  const shown = useCalm(text, view === 'formatted' && grows ? FORMAT_MS : 0);
  const box = useRef<HTMLDivElement>(null);
  const atEnd = useRef(true);

  // biome-ignore lint/correctness/useExhaustiveDependencies: whenever there is more
  useLayoutEffect(() => {
    if (grows && atEnd.current && box.current) box.current.scrollTop = box.current.scrollHeight;
  }, [shown, view, grows]);

  return (
    <div>
      <Group justify="space-between" gap="xs" mb={6}>
        <Text size="sm" fw={600}>
          {label}
        </Text>
        <Group gap={6}>
          {possible && (
            <SegmentedControl
              size="xs"
              value={view}
              onChange={(value) => setChosen(value as 'formatted' | 'raw')}
              data={[
                { value: 'formatted', label: t('jobs.formatted') },
                { value: 'raw', label: t('jobs.raw') },
              ]}
              aria-label={t('jobs.view', { what: label })}
            />
          )}
          <CopyText text={text} />
          {actions}
        </Group>
      </Group>
      {notice}
      <Box
        ref={box}
        role="group"
        className="text-view"
        aria-label={label}
        // What scrolls must be reachable by keyboard.
        tabIndex={0}
        onScroll={({ currentTarget: { scrollTop, scrollHeight, clientHeight } }) => {
          atEnd.current = scrollHeight - scrollTop - clientHeight < 24;
        }}
      >
        {view === 'formatted' ? (
          <Suspense fallback={<pre>{shown}</pre>}>
            <FormattedText text={shown} />
          </Suspense>
        ) : (
          <pre>{shown}</pre>
        )}
      </Box>
    </div>
  );
}

export function CopyText({ text }: { text: string }) {
  const { t } = useTranslation();
  // Browsers have no clipboard for pages over plain http.
  if (!navigator.clipboard) return null;
  return (
    <CopyButton value={text}>
      {({ copied, copy }) => (
        <Button size="compact-xs" variant="default" onClick={copy}>
          {t(copied ? 'jobs.copied' : 'jobs.copy')}
        </Button>
      )}
    </CopyButton>
  );
}

/** The value, at most once in so many milliseconds, and always the last one. 0: at once. */
function useCalm(value: string, ms: number): string {
  const [calm, setCalm] = useState(value);
  const newest = useRef(value);
  const timer = useRef<ReturnType<typeof setTimeout>>(undefined);
  newest.current = value;
  useEffect(() => {
    if (ms === 0 || calm === value || timer.current !== undefined) return;
    timer.current = setTimeout(() => {
      timer.current = undefined;
      setCalm(newest.current);
    }, ms);
  }, [value, calm, ms]);
  useEffect(() => () => clearTimeout(timer.current), []);
  return ms === 0 ? value : calm;
}
