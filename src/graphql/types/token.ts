import type { Token } from '../../domain/token.ts';
import { builder, PER_VIEWER } from '../builder.ts';
import { RoleType } from './enums.ts';
import { ViewerType } from './viewer.ts';

const TokenType = builder.objectRef<Token>('Token').implement({
  description: 'What a program signs in with: an app, a reporter, or a script of a user.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Its public part, to revoke it by.' }),
    name: t.exposeString('name', { description: 'To tell it from others.' }),
    role: t.field({ type: RoleType, description: 'What it may do.', resolve: ({ role }) => role }),
    owner: t.field({
      type: ViewerType,
      description: 'Who made it; a script acts as its owner.',
      resolve: ({ owner }) => owner,
    }),
    spaces: t.idList({
      nullable: true,
      description: 'The only spaces an app may serve. Null for others.',
      resolve: ({ spaces }) => spaces,
    }),
    prefix: t.exposeString('prefix', {
      nullable: true,
      description: 'What the ids of a reporter’s jobs must begin with. Null: anything.',
    }),
    createdAt: t.field({
      type: 'DateTime',
      description: 'When it was made.',
      resolve: ({ createdAt }) => createdAt,
    }),
    lastUsedAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it was last used, to a minute or so. Null: never.',
      resolve: ({ lastUsedAt }) => lastUsedAt,
    }),
    expiresAt: t.field({
      type: 'DateTime',
      nullable: true,
      description: 'When it ends. Null: when it is revoked.',
      resolve: ({ expiresAt }) => expiresAt,
    }),
  }),
});

const CreatedTokenType = builder.objectRef<{ token: Token; secret: string }>('CreatedToken').implement({
  description: 'A new token.',
  fields: (t) => ({
    token: t.field({ type: TokenType, description: 'The token.', resolve: ({ token }) => token }),
    secret: t.exposeString('secret', { description: 'What the program sends. It is shown this once.' }),
  }),
});

const CreateTokenInput = builder.inputType('CreateTokenInput', {
  description: 'A token for a program.',
  fields: (t) => ({
    name: t.string({ required: true, description: '1 to 64 characters, to tell it from others.' }),
    role: t.field({
      type: RoleType,
      required: true,
      description: 'APP, REPORTER, or USER or ADMIN for a script that acts as you.',
    }),
    spaces: t.idList({ description: 'Of an app: the spaces it may serve. Required there, refused elsewhere.' }),
    prefix: t.string({ description: 'Of a reporter: what the ids of its jobs must begin with.' }),
    expiresInDays: t.int({ description: 'Days until it ends, 1 to 3650. Left out: it ends when it is revoked.' }),
  }),
});

builder.queryField('tokens', (t) =>
  t.field({
    type: [TokenType],
    ...PER_VIEWER,
    authScopes: { signedIn: true },
    description: 'Your tokens, or all for an administrator; newest first.',
    resolve: (_root, _args, { services, viewer }) => services.tokens.list(viewer),
  }),
);

builder.mutationFields((t) => ({
  createToken: t.field({
    type: CreatedTokenType,
    authScopes: { signedIn: true },
    description:
      'Makes a token for a program. Users make those of their own scripts, only administrators those of apps and reporters.',
    args: { input: t.arg({ type: CreateTokenInput, required: true, description: 'The token.' }) },
    resolve: (_root, { input }, { services, viewer, address }) =>
      services.signIn.createToken({ viewer, address }, input),
  }),
  revokeToken: t.boolean({
    authScopes: { signedIn: true },
    description: 'Ends a token, and within a second every connection that uses it. False: there is none of yours.',
    args: { id: t.arg.id({ required: true, description: 'The token’s id.' }) },
    resolve: (_root, { id }, { services, viewer, address }) => services.signIn.revokeToken({ viewer, address }, id),
  }),
}));
