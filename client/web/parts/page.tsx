import { Stack, Title } from '@mantine/core';
import { type ReactNode, useEffect, useRef } from 'react';

/** Where the person came in; `null` once they have gone anywhere from there. */
let entrance: string | null = location.pathname;

export interface PageProps {
  /** Of the browser's tab, and the heading unless that is given. */
  title: string;
  heading?: ReactNode;
  /** What the tab says before the title, as it changes: the progress of a job. */
  prefix?: string | undefined;
  /** Somebody is back at a place of it, which takes the focus in the place of the heading. */
  returned?: boolean;
  children: ReactNode;
}

/** A page under its heading, which gets the focus when somebody comes here from another page: that tells readers of screens where they are. */
export function Page({ title, heading = title, prefix, returned = false, children }: PageProps) {
  const ref = useRef<HTMLHeadingElement>(null);

  useEffect(() => {
    document.title = `${prefix ? `${prefix} · ` : ''}${title} · Spacedock`;
  }, [title, prefix]);

  useEffect(() => {
    if (entrance === location.pathname) return;
    entrance = null;
    if (returned) return;
    scrollTo(0, 0);
    ref.current?.focus({ preventScroll: true });
  }, [returned]);

  return (
    <Stack>
      <Title order={1} size="h2" ref={ref} tabIndex={-1} className="page-title">
        {heading}
      </Title>
      {children}
    </Stack>
  );
}
