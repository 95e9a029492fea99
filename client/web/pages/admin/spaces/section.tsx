import { Paper, Stack, Switch, type SwitchProps, Text, Title } from '@mantine/core';
import type { ReactNode } from 'react';

/** A part of the form. */
export function Section({ title, hint, children }: { title: string; hint?: string; children: ReactNode }) {
  return (
    <Paper withBorder p="lg" component="section" aria-label={title}>
      <Stack>
        <div>
          <Title order={3} size="h4">
            {title}
          </Title>
          {hint && (
            <Text size="sm" c="dimmed">
              {hint}
            </Text>
          )}
        </div>
        {children}
      </Stack>
    </Paper>
  );
}

/** A switch whose description is no part of its name as well, or it would be read twice. */
export const Toggle = ({ label, ...props }: SwitchProps & { label: string }) => (
  <Switch label={label} aria-label={label} {...props} />
);
