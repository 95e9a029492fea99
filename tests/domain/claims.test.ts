import { describe, expect, it } from 'vitest';
import { accountName } from '../../src/domain/account.ts';
import { nameOf, roleOf } from '../../src/domain/claims.ts';

const rules = { nameClaim: null, admin: { claim: 'groups', value: 'spacedock-admins' } };

describe('the name that claims give', () => {
  it.each([
    [{ preferred_username: 'Ada', email: 'ada@example.org', sub: '1' }, 'Ada'],
    [{ email: 'ada@example.org', sub: '1' }, 'ada@example.org'],
    [{ email: 'ada@example.org', email_verified: false, sub: 'one' }, 'one'],
    [{ preferred_username: '', sub: 'auth0|17' }, 'auth0-17'],
    [{ preferred_username: 17, email: null, sub: 'x' }, 'x'],
    [{ preferred_username: '  Ada  Lovelace ', sub: 'x' }, 'Ada-Lovelace-'],
    [{ preferred_username: '@@@', sub: 'x' }, 'x'],
    [{ preferred_username: '\ud800', sub: 'x' }, 'x'],
    [{ preferred_username: 'a'.repeat(65), sub: 'x' }, 'a'.repeat(64)],
    [{ preferred_username: `${'\u{1d49c}'.repeat(10)}`, sub: 'x' }, 'A'.repeat(10)],
    [{ sub: '...' }, null],
  ])('of %j is %j', (claims, name) => {
    expect(nameOf(claims, rules)).toBe(name);
    if (name !== null) expect(accountName('name', name)).toBe(name);
  });

  it('is asked of the claim that the operator names first', () => {
    const claims = {
      upn: 'ada.l',
      'https://example.org/name': 'AL',
      profile: { nick: 'addie' },
      preferred_username: 'Ada',
    };
    expect(nameOf(claims, { ...rules, nameClaim: 'upn' })).toBe('ada.l');
    expect(nameOf(claims, { ...rules, nameClaim: 'profile.nick' })).toBe('addie');
    expect(nameOf(claims, { ...rules, nameClaim: 'https://example.org/name' })).toBe('AL');
    expect(nameOf(claims, { ...rules, nameClaim: 'missing' })).toBe('Ada');
    expect(nameOf({ sub: 'x' }, { ...rules, nameClaim: 'constructor.name' })).toBe('x');
  });
});

describe('the role that claims give', () => {
  it.each([
    [{ groups: ['staff', 'spacedock-admins'] }, 'ADMIN'],
    [{ groups: 'spacedock-admins' }, 'ADMIN'],
    [{ groups: ['spacedock-admins-not'] }, 'USER'],
    [{ groups: 'not spacedock-admins' }, 'USER'],
    [{ groups: { 0: 'spacedock-admins' } }, 'USER'],
    [{}, 'USER'],
  ])('of %j is %s', (claims, role) => {
    expect(roleOf(claims, rules)).toBe(role);
  });

  it('is in an object, where a path leads there', () => {
    const keycloak = { ...rules, admin: { claim: 'realm_access.roles', value: 'admin' } };
    expect(roleOf({ realm_access: { roles: ['admin'] } }, keycloak)).toBe('ADMIN');
    expect(roleOf({ realm_access: null }, keycloak)).toBe('USER');
  });

  it('is USER for everybody where no claim makes administrators', () => {
    expect(roleOf({ groups: ['spacedock-admins'] }, { ...rules, admin: null })).toBe('USER');
  });
});
