import { Text, Title } from '@mantine/core';
import { useTranslation } from 'react-i18next';

export function NotFoundPage() {
  const { t } = useTranslation();
  return (
    <>
      <Title>404</Title>
      <Text>{t('notFound')}</Text>
    </>
  );
}
