import { Anchor, AppShell, Burger, Button, Container, Group, Menu, Text, useMantineColorScheme } from '@mantine/core';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, useLocation } from 'wouter';
import { leaveFor } from '../client.ts';
import { graphql } from '../gql/index.ts';
import { languages } from '../i18n/index.ts';
import { LinkBanner } from './link-banner.tsx';
import { signInPath, useViewer } from './viewer.tsx';

const logoutMutation = graphql(`mutation Logout { logout }`);

/** What stands around every page. */
export function Shell({ children }: { children: ReactNode }) {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [location] = useLocation();
  const places = [
    { to: '/', text: t('nav.spaces') },
    { to: '/jobs', text: t(viewer?.role === 'ADMIN' ? 'nav.everybody' : 'nav.history') },
    ...(viewer?.role === 'ADMIN' ? [{ to: '/admin', text: t('nav.admin') }] : []),
  ];
  const isHere = (to: string) =>
    to === '/' ? location === '/' || location.startsWith('/spaces') : location.startsWith(to);

  return (
    <AppShell header={{ height: 56 }} padding="md">
      <a href="#main" className="skip-link">
        {t('nav.skip')}
      </a>
      <AppShell.Header px="md">
        <Container size="lg" h="100%" px={0}>
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Group wrap="nowrap" gap="xs" flex="none" component="nav" aria-label={t('nav.menu')}>
              <Menu position="bottom-start">
                <Menu.Target>
                  <Burger hiddenFrom="sm" size="sm" aria-label={t('nav.menu')} />
                </Menu.Target>
                <Menu.Dropdown>
                  {places.map(({ to, text }) => (
                    <Menu.Item
                      key={to}
                      component={Link}
                      to={to}
                      fw={isHere(to) ? 700 : undefined}
                      aria-current={isHere(to) ? 'page' : undefined}
                    >
                      {text}
                    </Menu.Item>
                  ))}
                </Menu.Dropdown>
              </Menu>
              <Anchor component={Link} to="/" underline="never" c="inherit" fw={700} inherit className="brand">
                <Group gap={8} wrap="nowrap" style={{ whiteSpace: 'nowrap' }}>
                  <img src="/icon.svg" alt="" width={26} height={26} />
                  Spacedock
                </Group>
              </Anchor>
              <Group gap={4} ml="lg" visibleFrom="sm">
                {places.map(({ to, text }) => (
                  <Button
                    key={to}
                    component={Link}
                    to={to}
                    size="compact-md"
                    variant={isHere(to) ? 'light' : 'subtle'}
                    color={isHere(to) ? undefined : 'gray'}
                    aria-current={isHere(to) ? 'page' : undefined}
                  >
                    {text}
                  </Button>
                ))}
              </Group>
            </Group>
            <Group gap={8} wrap="nowrap" miw={0}>
              <Preferences />
              <Account />
            </Group>
          </Group>
        </Container>
      </AppShell.Header>
      <AppShell.Main id="main" tabIndex={-1}>
        <Container size="lg" px={0}>
          <LinkBanner />
          {children}
        </Container>
      </AppShell.Main>
    </AppShell>
  );
}

/** Language and colours. */
function Preferences() {
  const { t, i18n } = useTranslation();
  const { colorScheme, setColorScheme } = useMantineColorScheme();
  const language = i18n.resolvedLanguage === 'zh' ? 'zh' : 'en';
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button
          variant="default"
          px="xs"
          flex="none"
          aria-label={`${languages[language].short} – ${t('preferences.title')}`}
        >
          {languages[language].short}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('preferences.language')}</Menu.Label>
        {Object.entries(languages).map(([code, { name }]) => (
          <Menu.Item
            key={code}
            lang={code}
            onClick={() => void i18n.changeLanguage(code)}
            fw={code === language ? 700 : undefined}
          >
            {name}
          </Menu.Item>
        ))}
        <Menu.Divider />
        <Menu.Label>{t('preferences.colours')}</Menu.Label>
        {(['auto', 'light', 'dark'] as const).map((scheme) => (
          <Menu.Item key={scheme} onClick={() => setColorScheme(scheme)} fw={colorScheme === scheme ? 700 : undefined}>
            {t(`preferences.${scheme}`)}
          </Menu.Item>
        ))}
      </Menu.Dropdown>
    </Menu>
  );
}

function Account() {
  const { t } = useTranslation();
  const viewer = useViewer();
  const [, logout] = useMutation(logoutMutation);
  if (!viewer) return null;
  if (viewer.role === 'ANONYMOUS') {
    return (
      <Button component={Link} to={signInPath()} variant="default" px="sm">
        {t('account.signIn')}
      </Button>
    );
  }
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <Button variant="default" maw={{ base: 110, sm: 180 }} miw={0} px="sm" title={viewer.name}>
          <Text inherit truncate>
            {viewer.name}
          </Text>
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/account">
          {t('account.title')}
        </Menu.Item>
        <Menu.Item onClick={() => void logout({}).then(leave)}>{t('account.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}

/** Nothing that was typed stays for who comes next. */
function leave(): void {
  sessionStorage.clear();
  leaveFor('/');
}
