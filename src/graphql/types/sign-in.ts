import { builder } from '../builder.ts';

interface SignInMethods {
  password: boolean;
  oidc: string | null;
}

const SignInMethodsType = builder.objectRef<SignInMethods>('SignInMethods').implement({
  description: 'How people can sign in here, whoever asks.',
  fields: (t) => ({
    password: t.exposeBoolean('password', {
      description: 'With `login`. False where nobody needs to sign in.',
    }),
    oidc: t.exposeString('oidc', {
      nullable: true,
      description:
        'The address to send a browser to for signing in at an OpenID Connect issuer; `?return=/path` says where it comes back to. Null: there is none.',
    }),
  }),
});

builder.queryField('signIn', (t) =>
  t.field({
    type: SignInMethodsType,
    description: 'How people can sign in: what a page is to offer.',
    resolve: (_root, _args, { services }) => services.signInMethods,
  }),
);
