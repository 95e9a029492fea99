/* eslint-disable */
import * as types from './graphql.ts';
import type { TypedDocumentNode as DocumentNode } from '@graphql-typed-document-node/core';

/**
 * Map of all GraphQL operations in the project.
 *
 * This map has several performance disadvantages:
 * 1. It is not tree-shakeable, so it will include all operations in the project.
 * 2. It is not minifiable, so the string of a GraphQL query will be multiple times inside the bundle.
 * 3. It does not support dead code elimination, so it will add unused operations.
 *
 * Therefore it is highly recommended to use the babel or swc plugin for production.
 * Learn more about it here: https://the-guild.dev/graphql/codegen/plugins/presets/preset-client#reducing-bundle-size
 */
type Documents = {
    "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n": typeof types.ChangePasswordDocument,
    "\n  query AdminApps {\n    remoteApps { id name version status spaces capacity running connectedAt lastSeenAt }\n    spaces { id title }\n  }\n": typeof types.AdminAppsDocument,
    "\n  query AdminAudit($after: String, $kind: [AuditKind!]) {\n    auditLog(first: 50, after: $after, kind: $kind) {\n      nodes { id at kind actor { id name role } address subject detail count }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.AdminAuditDocument,
    "\n  fragment StatsPoint on StatsPoint {\n    at seconds submitted completed failed cancelled queued activeJobs activeConnections watchers runMs { p50 p95 }\n  }\n": typeof types.StatsPointFragmentDoc,
    "query StatsHistory { stats { total { history { ...StatsPoint } } } }": typeof types.StatsHistoryDocument,
    "\n  subscription Stats {\n    stats {\n      engine processes\n      thisProcess { process }\n      total {\n        uptimeSeconds activeConnections activeJobs connectedApps watchers errors\n        history(last: 3) { ...StatsPoint }\n      }\n      each { process uptimeSeconds activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n": typeof types.StatsDocument,
    "query AdminSignIn { signIn { password oidc } }": typeof types.AdminSignInDocument,
    "\n  query AdminSpaceLosses($id: ID!) {\n    space(id: $id) {\n      connection { queued running apps { name } }\n      jobs(first: 100) { nodes { id } pageInfo { hasNextPage } }\n    }\n    tokens { spaces }\n  }\n": typeof types.AdminSpaceLossesDocument,
    "\n  query AdminSpace($id: ID!, $new: Boolean!) {\n    space(id: $id) @skip(if: $new) {\n      id title description visibility visitors members\n      inputs { prompt parameters files { accept maxBytes maxCount } }\n      policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    }\n    users { name enabled }\n  }\n": typeof types.AdminSpaceDocument,
    "\n  query AdminSpaces {\n    spaces { id title visibility visitors members inputs { prompt parameters files { accept } } }\n  }\n": typeof types.AdminSpacesDocument,
    "\n  query AdminTokens { tokens { id name role spaces prefix owner { id name } createdAt lastUsedAt expiresAt } }\n": typeof types.AdminTokensDocument,
    "mutation RevokeToken($id: ID!) { revokeToken(id: $id) }": typeof types.RevokeTokenDocument,
    "query AdminSpaceNames { spaces { id title maySubmit inputs { prompt } } }": typeof types.AdminSpaceNamesDocument,
    "\n  mutation CreateToken($input: CreateTokenInput!) {\n    createToken(input: $input) { secret token { id name role spaces prefix expiresAt } }\n  }\n": typeof types.CreateTokenDocument,
    "\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id name } }\n": typeof types.CreateUserDocument,
    "\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n": typeof types.ResetPasswordDocument,
    "query AdminUsers { users { id name role enabled issuer createdAt } }": typeof types.AdminUsersDocument,
    "mutation DisableUser($name: String!) { disableUser(name: $name) { id enabled } }": typeof types.DisableUserDocument,
    "mutation EnableUser($name: String!) { enableUser(name: $name) { id enabled } }": typeof types.EnableUserDocument,
    "\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { id role } }\n": typeof types.SetUserRoleDocument,
    "query SpaceNames { spaces { id title } }": typeof types.SpaceNamesDocument,
    "query UserNames { users { id name } }": typeof types.UserNamesDocument,
    "query JobExists($id: ID!) { job(id: $id) { id } }": typeof types.JobExistsDocument,
    "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { expiresAt } }\n": typeof types.LoginDocument,
    "query SignInWays { signIn { password oidc } }": typeof types.SignInWaysDocument,
    "\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt maxPromptBytes parameters files { accept maxBytes maxCount } } }\n  }\n": typeof types.SpaceFormDocument,
    "\n  query SpaceJobs($id: ID!, $first: Int!, $submitter: ID!) {\n    space(id: $id) {\n      id\n      jobs(first: $first, submitter: $submitter) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n": typeof types.SpaceJobsDocument,
    "\n  query SpaceCards {\n    spaces { id title description visibility inputs { prompt parameters files { accept } } connection { status } }\n  }\n": typeof types.SpaceCardsDocument,
    "mutation Logout { logout }": typeof types.LogoutDocument,
    "query Viewer { viewer { id name role } }": typeof types.ViewerDocument,
};
const documents: Documents = {
    "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n": types.ChangePasswordDocument,
    "\n  query AdminApps {\n    remoteApps { id name version status spaces capacity running connectedAt lastSeenAt }\n    spaces { id title }\n  }\n": types.AdminAppsDocument,
    "\n  query AdminAudit($after: String, $kind: [AuditKind!]) {\n    auditLog(first: 50, after: $after, kind: $kind) {\n      nodes { id at kind actor { id name role } address subject detail count }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.AdminAuditDocument,
    "\n  fragment StatsPoint on StatsPoint {\n    at seconds submitted completed failed cancelled queued activeJobs activeConnections watchers runMs { p50 p95 }\n  }\n": types.StatsPointFragmentDoc,
    "query StatsHistory { stats { total { history { ...StatsPoint } } } }": types.StatsHistoryDocument,
    "\n  subscription Stats {\n    stats {\n      engine processes\n      thisProcess { process }\n      total {\n        uptimeSeconds activeConnections activeJobs connectedApps watchers errors\n        history(last: 3) { ...StatsPoint }\n      }\n      each { process uptimeSeconds activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n": types.StatsDocument,
    "query AdminSignIn { signIn { password oidc } }": types.AdminSignInDocument,
    "\n  query AdminSpaceLosses($id: ID!) {\n    space(id: $id) {\n      connection { queued running apps { name } }\n      jobs(first: 100) { nodes { id } pageInfo { hasNextPage } }\n    }\n    tokens { spaces }\n  }\n": types.AdminSpaceLossesDocument,
    "\n  query AdminSpace($id: ID!, $new: Boolean!) {\n    space(id: $id) @skip(if: $new) {\n      id title description visibility visitors members\n      inputs { prompt parameters files { accept maxBytes maxCount } }\n      policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    }\n    users { name enabled }\n  }\n": types.AdminSpaceDocument,
    "\n  query AdminSpaces {\n    spaces { id title visibility visitors members inputs { prompt parameters files { accept } } }\n  }\n": types.AdminSpacesDocument,
    "\n  query AdminTokens { tokens { id name role spaces prefix owner { id name } createdAt lastUsedAt expiresAt } }\n": types.AdminTokensDocument,
    "mutation RevokeToken($id: ID!) { revokeToken(id: $id) }": types.RevokeTokenDocument,
    "query AdminSpaceNames { spaces { id title maySubmit inputs { prompt } } }": types.AdminSpaceNamesDocument,
    "\n  mutation CreateToken($input: CreateTokenInput!) {\n    createToken(input: $input) { secret token { id name role spaces prefix expiresAt } }\n  }\n": types.CreateTokenDocument,
    "\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id name } }\n": types.CreateUserDocument,
    "\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n": types.ResetPasswordDocument,
    "query AdminUsers { users { id name role enabled issuer createdAt } }": types.AdminUsersDocument,
    "mutation DisableUser($name: String!) { disableUser(name: $name) { id enabled } }": types.DisableUserDocument,
    "mutation EnableUser($name: String!) { enableUser(name: $name) { id enabled } }": types.EnableUserDocument,
    "\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { id role } }\n": types.SetUserRoleDocument,
    "query SpaceNames { spaces { id title } }": types.SpaceNamesDocument,
    "query UserNames { users { id name } }": types.UserNamesDocument,
    "query JobExists($id: ID!) { job(id: $id) { id } }": types.JobExistsDocument,
    "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { expiresAt } }\n": types.LoginDocument,
    "query SignInWays { signIn { password oidc } }": types.SignInWaysDocument,
    "\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt maxPromptBytes parameters files { accept maxBytes maxCount } } }\n  }\n": types.SpaceFormDocument,
    "\n  query SpaceJobs($id: ID!, $first: Int!, $submitter: ID!) {\n    space(id: $id) {\n      id\n      jobs(first: $first, submitter: $submitter) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n": types.SpaceJobsDocument,
    "\n  query SpaceCards {\n    spaces { id title description visibility inputs { prompt parameters files { accept } } connection { status } }\n  }\n": types.SpaceCardsDocument,
    "mutation Logout { logout }": types.LogoutDocument,
    "query Viewer { viewer { id name role } }": types.ViewerDocument,
};

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 *
 *
 * @example
 * ```ts
 * const query = graphql(`query GetUser($id: ID!) { user(id: $id) { name } }`);
 * ```
 *
 * The query argument is unknown!
 * Please regenerate the types.
 */
export function graphql(source: string): unknown;

/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n"): (typeof documents)["\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AdminApps {\n    remoteApps { id name version status spaces capacity running connectedAt lastSeenAt }\n    spaces { id title }\n  }\n"): (typeof documents)["\n  query AdminApps {\n    remoteApps { id name version status spaces capacity running connectedAt lastSeenAt }\n    spaces { id title }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AdminAudit($after: String, $kind: [AuditKind!]) {\n    auditLog(first: 50, after: $after, kind: $kind) {\n      nodes { id at kind actor { id name role } address subject detail count }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): (typeof documents)["\n  query AdminAudit($after: String, $kind: [AuditKind!]) {\n    auditLog(first: 50, after: $after, kind: $kind) {\n      nodes { id at kind actor { id name role } address subject detail count }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment StatsPoint on StatsPoint {\n    at seconds submitted completed failed cancelled queued activeJobs activeConnections watchers runMs { p50 p95 }\n  }\n"): (typeof documents)["\n  fragment StatsPoint on StatsPoint {\n    at seconds submitted completed failed cancelled queued activeJobs activeConnections watchers runMs { p50 p95 }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query StatsHistory { stats { total { history { ...StatsPoint } } } }"): (typeof documents)["query StatsHistory { stats { total { history { ...StatsPoint } } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription Stats {\n    stats {\n      engine processes\n      thisProcess { process }\n      total {\n        uptimeSeconds activeConnections activeJobs connectedApps watchers errors\n        history(last: 3) { ...StatsPoint }\n      }\n      each { process uptimeSeconds activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n"): (typeof documents)["\n  subscription Stats {\n    stats {\n      engine processes\n      thisProcess { process }\n      total {\n        uptimeSeconds activeConnections activeJobs connectedApps watchers errors\n        history(last: 3) { ...StatsPoint }\n      }\n      each { process uptimeSeconds activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query AdminSignIn { signIn { password oidc } }"): (typeof documents)["query AdminSignIn { signIn { password oidc } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AdminSpaceLosses($id: ID!) {\n    space(id: $id) {\n      connection { queued running apps { name } }\n      jobs(first: 100) { nodes { id } pageInfo { hasNextPage } }\n    }\n    tokens { spaces }\n  }\n"): (typeof documents)["\n  query AdminSpaceLosses($id: ID!) {\n    space(id: $id) {\n      connection { queued running apps { name } }\n      jobs(first: 100) { nodes { id } pageInfo { hasNextPage } }\n    }\n    tokens { spaces }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AdminSpace($id: ID!, $new: Boolean!) {\n    space(id: $id) @skip(if: $new) {\n      id title description visibility visitors members\n      inputs { prompt parameters files { accept maxBytes maxCount } }\n      policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    }\n    users { name enabled }\n  }\n"): (typeof documents)["\n  query AdminSpace($id: ID!, $new: Boolean!) {\n    space(id: $id) @skip(if: $new) {\n      id title description visibility visitors members\n      inputs { prompt parameters files { accept maxBytes maxCount } }\n      policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    }\n    users { name enabled }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AdminSpaces {\n    spaces { id title visibility visitors members inputs { prompt parameters files { accept } } }\n  }\n"): (typeof documents)["\n  query AdminSpaces {\n    spaces { id title visibility visitors members inputs { prompt parameters files { accept } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query AdminTokens { tokens { id name role spaces prefix owner { id name } createdAt lastUsedAt expiresAt } }\n"): (typeof documents)["\n  query AdminTokens { tokens { id name role spaces prefix owner { id name } createdAt lastUsedAt expiresAt } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RevokeToken($id: ID!) { revokeToken(id: $id) }"): (typeof documents)["mutation RevokeToken($id: ID!) { revokeToken(id: $id) }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query AdminSpaceNames { spaces { id title maySubmit inputs { prompt } } }"): (typeof documents)["query AdminSpaceNames { spaces { id title maySubmit inputs { prompt } } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateToken($input: CreateTokenInput!) {\n    createToken(input: $input) { secret token { id name role spaces prefix expiresAt } }\n  }\n"): (typeof documents)["\n  mutation CreateToken($input: CreateTokenInput!) {\n    createToken(input: $input) { secret token { id name role spaces prefix expiresAt } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id name } }\n"): (typeof documents)["\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { id name } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n"): (typeof documents)["\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query AdminUsers { users { id name role enabled issuer createdAt } }"): (typeof documents)["query AdminUsers { users { id name role enabled issuer createdAt } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DisableUser($name: String!) { disableUser(name: $name) { id enabled } }"): (typeof documents)["mutation DisableUser($name: String!) { disableUser(name: $name) { id enabled } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation EnableUser($name: String!) { enableUser(name: $name) { id enabled } }"): (typeof documents)["mutation EnableUser($name: String!) { enableUser(name: $name) { id enabled } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { id role } }\n"): (typeof documents)["\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { id role } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SpaceNames { spaces { id title } }"): (typeof documents)["query SpaceNames { spaces { id title } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query UserNames { users { id name } }"): (typeof documents)["query UserNames { users { id name } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query JobExists($id: ID!) { job(id: $id) { id } }"): (typeof documents)["query JobExists($id: ID!) { job(id: $id) { id } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { expiresAt } }\n"): (typeof documents)["\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { expiresAt } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SignInWays { signIn { password oidc } }"): (typeof documents)["query SignInWays { signIn { password oidc } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt maxPromptBytes parameters files { accept maxBytes maxCount } } }\n  }\n"): (typeof documents)["\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt maxPromptBytes parameters files { accept maxBytes maxCount } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SpaceJobs($id: ID!, $first: Int!, $submitter: ID!) {\n    space(id: $id) {\n      id\n      jobs(first: $first, submitter: $submitter) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SpaceJobs($id: ID!, $first: Int!, $submitter: ID!) {\n    space(id: $id) {\n      id\n      jobs(first: $first, submitter: $submitter) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SpaceCards {\n    spaces { id title description visibility inputs { prompt parameters files { accept } } connection { status } }\n  }\n"): (typeof documents)["\n  query SpaceCards {\n    spaces { id title description visibility inputs { prompt parameters files { accept } } connection { status } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Logout { logout }"): (typeof documents)["mutation Logout { logout }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Viewer { viewer { id name role } }"): (typeof documents)["query Viewer { viewer { id name role } }"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;