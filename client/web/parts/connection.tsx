import { Badge, Group, Text } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSpaceConnection } from '../../sdk/react.ts';

const COLOURS = { CONNECTED: 'green', RECONNECTING: 'yellow', DISCONNECTED: 'gray' };

/** Whether a space's apps are connected, live, and how loaded they are. */
export function Connection({ space }: { space: string }) {
  const { t } = useTranslation();
  const { data } = useSpaceConnection(space);
  if (!data) return null;
  const { status, apps, running, capacity, queued } = data;
  return (
    <Group gap="xs" role="status">
      <Badge color={COLOURS[status]} variant="dot" tt="none">
        {t(`connection.${status}`)}
      </Badge>
      <Text size="sm" c="dimmed">
        {[
          t('connection.apps', { count: apps.length }),
          ...(capacity > 0 ? [t('connection.load', { running, capacity })] : []),
          ...(queued > 0 ? [t('connection.queued', { count: queued })] : []),
        ].join(' · ')}
      </Text>
    </Group>
  );
}
