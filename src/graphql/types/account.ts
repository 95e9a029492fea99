import type { Account } from '../../domain/account.ts';
import { badInput } from '../../domain/refusal.ts';
import type { Viewer } from '../../domain/viewer.ts';
import type { SignedIn } from '../../service/sign-in.ts';
import { builder } from '../builder.ts';
import { RoleType } from './enums.ts';
import { ViewerType } from './viewer.ts';

const SessionType = builder.objectRef<SignedIn>('Session').implement({
  description: 'That somebody is signed in, or is a visitor of their own. A browser gets it as a cookie as well.',
  fields: (t) => ({
    token: t.exposeString('token', { description: 'For `Authorization: Bearer …`. Nobody is shown it again.' }),
    expiresAt: t.field({
      type: 'DateTime',
      description: 'When it ends unless it is used; every use puts this off.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
    viewer: t.field({ type: ViewerType, description: 'Who it is.', resolve: ({ viewer }) => viewer }),
  }),
});

const UserType = builder.objectRef<Account>('User').implement({
  description: 'A person who can sign in.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Stable as long as the user exists.' }),
    name: t.exposeString('name', { description: 'What they sign in with; upper and lower case are the same.' }),
    role: t.field({ type: RoleType, description: 'USER or ADMIN.', resolve: ({ role }) => role }),
    enabled: t.exposeBoolean('enabled', { description: 'Whether they can sign in.' }),
    issuer: t.string({
      nullable: true,
      description: 'Who vouches for them. Null: their password does.',
      resolve: ({ external }) => external?.issuer,
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When they were added.',
      resolve: ({ createdAt }) => createdAt,
    }),
  }),
});

const CreateUserInput = builder.inputType('CreateUserInput', {
  description: 'Somebody who can sign in.',
  fields: (t) => ({
    name: t.string({
      required: true,
      description: '1 to 64 letters, digits and . _ @ + -; upper and lower case are the same.',
    }),
    password: t.string({ required: true, description: '8 to 256 characters.' }),
    role: t.field({ type: RoleType, defaultValue: 'USER', description: 'USER or ADMIN.' }),
  }),
});

builder.queryField('users', (t) =>
  t.field({
    type: [UserType],
    authScopes: { admin: true },
    description: 'All users, by name. For administrators.',
    resolve: (_root, _args, { services }) => services.accounts.list(),
  }),
);

const name = 'The user’s name.';

function userRole(field: string, role: Viewer['role']): Account['role'] {
  if (role === 'USER' || role === 'ADMIN') return role;
  throw badInput(field, 'a user is USER or ADMIN');
}

builder.mutationFields((t) => ({
  login: t.field({
    type: SessionType,
    description:
      'Signs in. A browser gets a cookie, too. UNAUTHENTICATED, the same for a wrong name and a wrong password; RATE_LIMITED after too many failures of a name or an address.',
    args: {
      name: t.arg.string({ required: true, description: name }),
      password: t.arg.string({ required: true, description: 'Their password.' }),
    },
    resolve: async (_root, args, { services, address, cookie }) => {
      const session = await services.signIn.login(args.name, args.password, address);
      cookie?.set(session.token, session.expiresAt);
      return session;
    },
  }),
  startSession: t.field({
    type: SessionType,
    description:
      'Makes who is not signed in, and keeps no cookies, a visitor of their own, who finds their jobs again with the token. Browsers, and the acknowledgement of a WebSocket (`session`), get one unasked.',
    resolve: (_root, _args, { services }) => services.signIn.visit(),
  }),
  logout: t.boolean({
    description: 'Ends the session, everywhere. False: there was none.',
    resolve: async (_root, _args, { services, viewer, address, cookie }) => {
      const ended = await services.signIn.logout({ viewer, address });
      cookie?.clear();
      return ended;
    },
  }),
  changePassword: t.boolean({
    authScopes: { signedIn: true },
    description:
      'Changes the password of whoever is signed in with one, and ends all their other sessions. Always true; UNAUTHENTICATED if the current one is wrong.',
    args: {
      current: t.arg.string({ required: true, description: 'The password so far.' }),
      new: t.arg.string({ required: true, description: '8 to 256 characters.' }),
    },
    resolve: async (_root, args, { services, viewer, address }) => {
      await services.signIn.changePassword({ viewer, address }, args.current, args.new);
      return true;
    },
  }),
  createUser: t.field({
    type: ViewerType,
    authScopes: { admin: true },
    description: 'Adds somebody who can sign in. ALREADY_EXISTS if the name is taken. For administrators.',
    args: { input: t.arg({ type: CreateUserInput, required: true, description: 'The user.' }) },
    resolve: (_root, { input }, { services, viewer, address }) => {
      const role = userRole('input.role', input.role ?? 'USER');
      return services.signIn.createUser({ viewer, address }, input.name, input.password, role);
    },
  }),
  resetPassword: t.boolean({
    authScopes: { admin: true },
    description: 'Gives a user another password, and ends all their sessions. Always true. For administrators.',
    args: {
      name: t.arg.string({ required: true, description: name }),
      new: t.arg.string({ required: true, description: '8 to 256 characters.' }),
    },
    resolve: async (_root, args, { services, viewer, address }) => {
      await services.signIn.resetPassword({ viewer, address }, args.name, args.new);
      return true;
    },
  }),
  disableUser: t.field({
    type: UserType,
    authScopes: { admin: true },
    description:
      'Disables a user: they cannot sign in any more; their sessions, scripts and sockets end. For administrators.',
    args: { name: t.arg.string({ required: true, description: name }) },
    resolve: (_root, args, { services, viewer, address }) =>
      services.signIn.setEnabled({ viewer, address }, args.name, false),
  }),
  enableUser: t.field({
    type: UserType,
    authScopes: { admin: true },
    description: 'Ends what disableUser did: they can sign in again. For administrators.',
    args: { name: t.arg.string({ required: true, description: name }) },
    resolve: (_root, args, { services, viewer, address }) =>
      services.signIn.setEnabled({ viewer, address }, args.name, true),
  }),
  setUserRole: t.field({
    type: UserType,
    authScopes: { admin: true },
    description:
      'Makes a user an administrator, or no more one; what they opened with other rights ends. CONFLICT for yourself, the last administrator, and who has the role from an issuer. For administrators.',
    args: {
      name: t.arg.string({ required: true, description: name }),
      role: t.arg({ type: RoleType, required: true, description: 'USER or ADMIN.' }),
    },
    resolve: (_root, args, { services, viewer, address }) =>
      services.signIn.setRole({ viewer, address }, args.name, userRole('role', args.role)),
  }),
}));
