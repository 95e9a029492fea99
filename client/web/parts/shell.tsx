import {
  ActionIcon,
  Anchor,
  AppShell,
  Burger,
  Button,
  Container,
  Group,
  Menu,
  NavLink,
  Text,
  useMantineColorScheme,
} from '@mantine/core';
import { useDisclosure } from '@mantine/hooks';
import type { ReactNode } from 'react';
import { useTranslation } from 'react-i18next';
import { useMutation } from 'urql';
import { Link, useLocation } from 'wouter';
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
  const [open, { toggle, close }] = useDisclosure();
  const places = [
    { to: '/', text: t('nav.spaces') },
    { to: '/jobs', text: t(viewer?.role === 'ADMIN' ? 'nav.everybody' : 'nav.history') },
    ...(viewer?.role === 'ADMIN' ? [{ to: '/admin', text: t('nav.admin') }] : []),
  ];
  const isHere = (to: string) =>
    to === '/' ? location === '/' || location.startsWith('/spaces') : location.startsWith(to);

  return (
    <AppShell
      header={{ height: 56 }}
      navbar={{ width: 220, breakpoint: 'sm', collapsed: { desktop: true, mobile: !open } }}
      padding="md"
    >
      <a href="#main" className="skip-link">
        {t('nav.skip')}
      </a>
      <AppShell.Header px="md">
        <Container size="lg" h="100%" px={0}>
          <Group h="100%" justify="space-between" wrap="nowrap">
            <Group wrap="nowrap" gap="xs">
              <Burger opened={open} onClick={toggle} hiddenFrom="sm" size="sm" aria-label={t('nav.menu')} />
              <Anchor component={Link} to="/" underline="never" c="inherit" fw={700} size="lg">
                <Group gap={8} wrap="nowrap" style={{ whiteSpace: 'nowrap' }}>
                  <img src="/icon.svg" alt="" width={26} height={26} />
                  Spacedock
                </Group>
              </Anchor>
              <Group gap={4} ml="lg" visibleFrom="sm" component="nav" aria-label={t('nav.menu')}>
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
            <Group gap={8} wrap="nowrap">
              <Preferences />
              <Account />
            </Group>
          </Group>
        </Container>
      </AppShell.Header>
      <AppShell.Navbar p="sm" onClick={close}>
        {places.map(({ to, text }) => (
          <NavLink key={to} component={Link} to={to} label={text} active={isHere(to)} />
        ))}
      </AppShell.Navbar>
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
  return (
    <Menu position="bottom-end">
      <Menu.Target>
        <ActionIcon variant="default" size="lg" aria-label={t('preferences.title')}>
          <Text component="span" size="sm" fw={600}>
            {i18n.resolvedLanguage === 'zh' ? '中' : 'A'}
          </Text>
        </ActionIcon>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Label>{t('preferences.language')}</Menu.Label>
        {Object.entries(languages).map(([code, name]) => (
          <Menu.Item
            key={code}
            lang={code}
            onClick={() => void i18n.changeLanguage(code)}
            fw={i18n.resolvedLanguage === code ? 700 : undefined}
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
        <Button variant="default" maw={{ base: 110, sm: 180 }} px="sm">
          {viewer.name}
        </Button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item component={Link} to="/account">
          {t('account.title')}
        </Menu.Item>
        <Menu.Item onClick={() => void logout({}).then(() => location.assign('/'))}>{t('account.signOut')}</Menu.Item>
      </Menu.Dropdown>
    </Menu>
  );
}
