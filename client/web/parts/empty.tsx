import { Paper, Stack, Text } from '@mantine/core';
import type { ReactNode } from 'react';

/** Nothing here yet, and what to do about it. */
export function Empty({ title, children }: { title: string; children?: ReactNode }) {
  return (
    <Paper withBorder p="xl" radius="md">
      <Stack align="center" gap={6} ta="center" py="md">
        <img src="/icon.svg" alt="" width={44} height={44} className="faded" />
        <Text fw={600}>{title}</Text>
        {children && (
          <Text c="dimmed" size="sm" component="div" maw={520} className="ways">
            {children}
          </Text>
        )}
      </Stack>
    </Paper>
  );
}
