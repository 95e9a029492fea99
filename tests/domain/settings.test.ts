import { describe, expect, it } from 'vitest';
import { ConfigError, readConfig } from '../../src/config.ts';
import type { Setting } from '../../src/setting.ts';
import { SETTINGS } from '../../src/settings.ts';

const settings = Object.entries<Setting<unknown>>(SETTINGS);
const refusal = (env: Record<string, string>): string => {
  try {
    readConfig(env);
    return '';
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as Error).message;
  }
};

describe('a variable of the configuration', () => {
  it.each(settings)('takes its own default, as the server would be given it: %s', (_name, { fallback, read }) => {
    const written = typeof fallback === 'boolean' ? (fallback ? 'on' : 'off') : fallback;
    if (written !== null) expect(read(String(written))).toBe(fallback);
  });

  it.each([
    ['PORT', '0', '65535', ['-1', '65536', '80.5', '1e9', 'many', ' ', 'NaN']],
    ['KEEPALIVE_SECONDS', '0.5', '86400', ['0', '-1', '86401', 'Infinity', '5s']],
    ['SESSION_DAYS', '0.1', '3650', ['0', '3651', 'long']],
    ['AUDIT_DAYS', '0', '3650', ['-1', '0.5', '3651']],
    ['MAX_FILE_BYTES', '1', '1e12', ['0', '1.5', '1 GiB', '1e300']],
    ['MIN_FREE_BYTES', '0', '1', ['-1', '0.1']],
    ['MAX_STORAGE_BYTES', '1', '1e15', ['0', 'unlimited']],
    ['MAX_SUBMITS_PER_MINUTE', '0.5', '1000000', ['0', '-1', 'Infinity']],
    ['GRAPHIQL', 'on', 'off', ['true', 'ON', 'constructor', '1']],
    ['ACCESS', 'open', 'accounts', ['closed', 'Open']],
    ['LOG_LEVEL', 'silent', 'trace', ['verbose', 'info,warn']],
    ['KEY_PREFIX', 'a', 'x'.repeat(64), ['a b', 'x'.repeat(65), 'é']],
    ['ADMIN_PASSWORD', '8 letter', 'x'.repeat(256), ['seven 7', 'x'.repeat(257)]],
    ['REDIS_URL', 'redis://a', 'rediss://u:p@a:1/2', ['http://a', 'a:6379', 'redis']],
    ['FILES_URL', 'file:///srv', 'file:///', ['/srv', 's3://bucket']],
    ['PUBLIC_URL', 'http://a', 'https://a/b/', ['a.example', 'ftp://a']],
    ['ALLOWED_ORIGINS', '*', 'https://a.example, http://localhost:3000', ['a.example', 'https://a,', 'data:x']],
    ['TRUST_PROXY', 'loopback', '10.0.0.0/8, ::1', ['1', '*', '10.0.0.0/0']],
  ] as const)('%s is taken from %s to %s, and from nothing else', (name, low, high, others) => {
    const { read, must, secret }: Setting<unknown> = SETTINGS[name];
    for (const text of [low, high]) expect([text, read(text)]).not.toEqual([text, undefined]);
    for (const text of others) {
      expect(read(text)).toBeUndefined();
      expect(refusal({ [name]: text })).toBe(`${name}: must be ${must} (it is ${JSON.stringify(secret ? '…' : text)})`);
    }
  });

  it('is named with all others that are not valid, and none that holds a password is repeated', () => {
    const said = refusal({ PORT: 'x', REDIS_URL: 'planted://a', ADMIN_PASSWORD: 'planted', LOG_LEVEL: 'loud' });
    expect(said.split('\n').map((line) => line.split(':')[0])).toEqual([
      'PORT',
      'REDIS_URL',
      'ADMIN_PASSWORD',
      'LOG_LEVEL',
    ]);
    expect(said).not.toContain('planted');
  });

  it('counts as unset where it is empty', () => {
    const empty = Object.fromEntries(settings.map(([name]) => [name, '']));
    expect(readConfig(empty)).toEqual(readConfig({}));
  });

  it('is a list where it names several', () => {
    const { allowedOrigins, trustProxy } = readConfig({
      ALLOWED_ORIGINS: 'https://App.example/path, *',
      TRUST_PROXY: 'uniquelocal,10.1.2.3',
    });
    expect([allowedOrigins, trustProxy]).toEqual([
      ['https://app.example', '*'],
      ['uniquelocal', '10.1.2.3'],
    ]);
  });

  it.each([
    ['HOST', '0.0.0.0', 'listen on 127.0.0.1'],
    ['PUBLIC_URL', 'https://dock.example', 'unset PUBLIC_URL'],
    ['PUBLIC_URL', 'http://127.0.0.1.dock.example', 'unset PUBLIC_URL'],
    ['TRUST_PROXY', 'loopback', 'unset TRUST_PROXY'],
    ['ALLOWED_ORIGINS', '*', 'name origins'],
  ])('does not open the server to whoever comes from elsewhere: %s=%s', (name, value, remedy) => {
    const said = refusal({ ACCESS: 'open', [name]: value });
    expect(said).toMatch(/^ACCESS: "open" makes everybody an administrator/);
    expect(said).toContain(remedy);
    expect(said).toContain(`${name} is`.replace(/^(PUBLIC_URL|TRUST_PROXY|ALLOWED_ORIGINS)/, 'it'));
    expect(refusal({ [name]: value })).toBe('');
  });

  it('opens it to this machine, by whatever name', () => {
    for (const url of ['http://localhost:4000', 'https://127.0.0.1/x', 'http://[::1]:1']) {
      expect(readConfig({ ACCESS: 'open', PUBLIC_URL: url }).access).toBe('open');
    }
  });

  it('limits what one submitter has waiting, but where access is open, unless it is set', () => {
    const queued = (env: Record<string, string>) => readConfig(env).limits.queuedPerViewer;
    expect([queued({}), queued({ ACCESS: 'open' })]).toEqual([100, null]);
    expect(queued({ ACCESS: 'open', MAX_QUEUED_PER_VIEWER: '7' })).toBe(7);
  });
});
