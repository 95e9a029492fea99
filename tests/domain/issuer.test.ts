import { describe, expect, it } from 'vitest';
import { readConfig } from '../../src/config.ts';

const ISSUER = { OIDC_ISSUER: 'https://id.example.org/', OIDC_AUDIENCE: 'spacedock' };
const CLIENT = { ...ISSUER, OIDC_CLIENT_ID: 'web', PUBLIC_URL: 'https://dock.example.org/' };

describe('the variables of an issuer', () => {
  it.each([
    ['OIDC_AUDIENCE', { OIDC_ISSUER: ISSUER.OIDC_ISSUER }],
    ['OIDC_AUDIENCE', { OIDC_AUDIENCE: 'spacedock' }],
    ['JWKS_URL', { JWKS_URL: 'https://id.example.org/keys' }],
    ['JWKS_URL', { ...ISSUER, JWKS_URL: 'file:///etc/keys' }],
    ['OIDC_ADMIN_CLAIM', { OIDC_ADMIN_CLAIM: 'groups=admins' }],
    ['OIDC_ADMIN_CLAIM', { ...ISSUER, OIDC_ADMIN_CLAIM: 'groups' }],
    ['OIDC_NAME_CLAIM', { OIDC_NAME_CLAIM: 'upn' }],
    ['OIDC_ISSUER', { ...ISSUER, OIDC_ISSUER: 'id.example.org' }],
    ['OIDC_ISSUER', { ...ISSUER, OIDC_ISSUER: 'https://id.example.org/?a=b' }],
    ['OIDC_ISSUER', { ...ISSUER, ACCESS: 'open' }],
    ['PUBLIC_URL', { ...CLIENT, PUBLIC_URL: '' }],
    ['OIDC_CLIENT_SECRET', { ...ISSUER, OIDC_CLIENT_SECRET: 'planted' }],
    ['OIDC_CLIENT_ID', { ...CLIENT, OIDC_ISSUER: 'ours', JWKS_URL: 'https://id.example.org/keys' }],
    ['OIDC_SCOPE', { ...CLIENT, OIDC_SCOPE: 'profile openid2' }],
  ])('are refused together by name: %s, %j', (name, env) => {
    expect(() => readConfig(env)).toThrow(new RegExp(`^${name}: `));
    expect(() => readConfig(env)).not.toThrow('planted');
  });

  it('name whose tokens sign people in', () => {
    expect(readConfig({}).issuer).toBeNull();
    expect(readConfig({ ...ISSUER, OIDC_ADMIN_CLAIM: 'groups=cn=admins,ou=a' }).issuer).toEqual({
      issuer: 'https://id.example.org/',
      jwksUrl: null,
      audience: 'spacedock',
      nameClaim: null,
      admin: { claim: 'groups', value: 'cn=admins,ou=a' },
      client: null,
    });
    const jwks = { OIDC_ISSUER: 'ours', OIDC_AUDIENCE: 'spacedock', JWKS_URL: 'https://id.example.org/keys' };
    expect(readConfig(jwks).issuer).toMatchObject({ issuer: 'ours', jwksUrl: 'https://id.example.org/keys' });
    expect(readConfig(CLIENT).issuer?.client).toEqual({
      id: 'web',
      secret: null,
      scope: 'openid profile email',
      publicUrl: 'https://dock.example.org',
    });
  });
});
