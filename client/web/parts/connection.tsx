import { Badge, Group, Text, VisuallyHidden } from '@mantine/core';
import { useTranslation } from 'react-i18next';
import { useSpaceConnection } from '../../sdk/react.ts';

const COLOURS = { CONNECTED: 'green', RECONNECTING: 'yellow', DISCONNECTED: 'gray.6' };

/** Whether a space's apps are connected, live, and how loaded they are. */
export function Connection({ space, announced = false }: { space: string; announced?: boolean }) {
  const { t } = useTranslation();
  const { data } = useSpaceConnection(space);
  // As high as with it, so that nothing jumps.
  if (!data) return <Group h={22} />;
  const { status, apps, running, capacity, queued } = data;
  return (
    <Group gap="xs" mih={22} data-connection={status}>
      {announced && (
        // The status alone: figures change all the time.
        <VisuallyHidden role="status">{t(`connection.${status}`)}</VisuallyHidden>
      )}
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
