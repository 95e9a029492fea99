import { graphql } from './gql/index.ts';

/** Who comes, and what administrators do about it. */

export const viewerFragment = graphql(`fragment Viewer on Viewer { id name role }`);
export const sessionFragment = graphql(`fragment Session on Session { token expiresAt viewer { ...Viewer } }`);
export const userFragment = graphql(`fragment User on User { id name role enabled issuer createdAt }`);
export const tokenFragment = graphql(`
  fragment Token on Token { id name role spaces prefix createdAt lastUsedAt expiresAt owner { ...Viewer } }
`);

export const viewerQuery = graphql(`query Viewer { viewer { ...Viewer } }`);
export const loginMutation = graphql(`
  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { ...Session } }
`);
export const startSessionMutation = graphql(`mutation StartSession { startSession { ...Session } }`);
export const logoutMutation = graphql(`mutation Logout { logout }`);
export const changePasswordMutation = graphql(`
  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }
`);

export const usersQuery = graphql(`query Users { users { ...User } }`);
export const createUserMutation = graphql(`
  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { ...Viewer } }
`);
export const resetPasswordMutation = graphql(`
  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }
`);
export const disableUserMutation = graphql(`
  mutation DisableUser($name: String!) { disableUser(name: $name) { ...User } }
`);
export const enableUserMutation = graphql(
  `mutation EnableUser($name: String!) { enableUser(name: $name) { ...User } }`,
);
export const setUserRoleMutation = graphql(`
  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { ...User } }
`);

export const tokensQuery = graphql(`query Tokens { tokens { ...Token } }`);
export const createTokenMutation = graphql(`
  mutation CreateToken($input: CreateTokenInput!) { createToken(input: $input) { secret token { ...Token } } }
`);
export const revokeTokenMutation = graphql(`mutation RevokeToken($id: ID!) { revokeToken(id: $id) }`);
