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
    "query SpaceNames { spaces { id title } }": typeof types.SpaceNamesDocument,
    "query JobExists($id: ID!) { job(id: $id) { id } }": typeof types.JobExistsDocument,
    "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { viewer { id } } }\n": typeof types.LoginDocument,
    "query SignInWays { signIn { password oidc } }": typeof types.SignInWaysDocument,
    "\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt parameters files { accept maxBytes maxCount } } }\n  }\n": typeof types.SpaceFormDocument,
    "\n  query SpaceJobs($id: ID!, $first: Int!) {\n    space(id: $id) {\n      id\n      jobs(first: $first) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } submitter { id } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n": typeof types.SpaceJobsDocument,
    "\n  query SpaceCards { spaces { id title description visibility inputs { prompt parameters files { accept } } } }\n": typeof types.SpaceCardsDocument,
    "mutation Logout { logout }": typeof types.LogoutDocument,
    "query Viewer { viewer { id name role } }": typeof types.ViewerDocument,
};
const documents: Documents = {
    "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n": types.ChangePasswordDocument,
    "query SpaceNames { spaces { id title } }": types.SpaceNamesDocument,
    "query JobExists($id: ID!) { job(id: $id) { id } }": types.JobExistsDocument,
    "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { viewer { id } } }\n": types.LoginDocument,
    "query SignInWays { signIn { password oidc } }": types.SignInWaysDocument,
    "\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt parameters files { accept maxBytes maxCount } } }\n  }\n": types.SpaceFormDocument,
    "\n  query SpaceJobs($id: ID!, $first: Int!) {\n    space(id: $id) {\n      id\n      jobs(first: $first) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } submitter { id } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n": types.SpaceJobsDocument,
    "\n  query SpaceCards { spaces { id title description visibility inputs { prompt parameters files { accept } } } }\n": types.SpaceCardsDocument,
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
export function graphql(source: "query SpaceNames { spaces { id title } }"): (typeof documents)["query SpaceNames { spaces { id title } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query JobExists($id: ID!) { job(id: $id) { id } }"): (typeof documents)["query JobExists($id: ID!) { job(id: $id) { id } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { viewer { id } } }\n"): (typeof documents)["\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { viewer { id } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query SignInWays { signIn { password oidc } }"): (typeof documents)["query SignInWays { signIn { password oidc } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt parameters files { accept maxBytes maxCount } } }\n  }\n"): (typeof documents)["\n  query SpaceForm($id: ID!) {\n    space(id: $id) { id title description maySubmit policy { whenOffline } inputs { prompt parameters files { accept maxBytes maxCount } } }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SpaceJobs($id: ID!, $first: Int!) {\n    space(id: $id) {\n      id\n      jobs(first: $first) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } submitter { id } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n"): (typeof documents)["\n  query SpaceJobs($id: ID!, $first: Int!) {\n    space(id: $id) {\n      id\n      jobs(first: $first) {\n        nodes { id status createdAt finishedAt input { prompt files { name } } submitter { id } }\n        pageInfo { hasNextPage }\n      }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query SpaceCards { spaces { id title description visibility inputs { prompt parameters files { accept } } } }\n"): (typeof documents)["\n  query SpaceCards { spaces { id title description visibility inputs { prompt parameters files { accept } } } }\n"];
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