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
    "fragment Viewer on Viewer { id name role }": typeof types.ViewerFragmentDoc,
    "fragment Session on Session { token expiresAt viewer { ...Viewer } }": typeof types.SessionFragmentDoc,
    "fragment User on User { id name role enabled issuer createdAt }": typeof types.UserFragmentDoc,
    "\n  fragment Token on Token { id name role spaces prefix createdAt lastUsedAt expiresAt owner { ...Viewer } }\n": typeof types.TokenFragmentDoc,
    "query Viewer { viewer { ...Viewer } }": typeof types.ViewerDocument,
    "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { ...Session } }\n": typeof types.LoginDocument,
    "mutation StartSession { startSession { ...Session } }": typeof types.StartSessionDocument,
    "mutation Logout { logout }": typeof types.LogoutDocument,
    "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n": typeof types.ChangePasswordDocument,
    "query Users { users { ...User } }": typeof types.UsersDocument,
    "\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { ...Viewer } }\n": typeof types.CreateUserDocument,
    "\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n": typeof types.ResetPasswordDocument,
    "\n  mutation DisableUser($name: String!) { disableUser(name: $name) { ...User } }\n": typeof types.DisableUserDocument,
    "mutation EnableUser($name: String!) { enableUser(name: $name) { ...User } }": typeof types.EnableUserDocument,
    "\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { ...User } }\n": typeof types.SetUserRoleDocument,
    "query Tokens { tokens { ...Token } }": typeof types.TokensDocument,
    "\n  mutation CreateToken($input: CreateTokenInput!) { createToken(input: $input) { secret token { ...Token } } }\n": typeof types.CreateTokenDocument,
    "mutation RevokeToken($id: ID!) { revokeToken(id: $id) }": typeof types.RevokeTokenDocument,
    "\n  fragment StoredFile on StoredFile { id name type size url }\n": typeof types.StoredFileFragmentDoc,
    "\n  fragment RemoteApp on RemoteApp { id name version status spaces capacity running connectedAt lastSeenAt }\n": typeof types.RemoteAppFragmentDoc,
    "\n  fragment SpaceConnection on SpaceConnectionState {\n    space status capacity running queued changedAt lastConnectedAt\n    apps { ...RemoteApp }\n  }\n": typeof types.SpaceConnectionFragmentDoc,
    "\n  fragment Space on Space {\n    id title description createdAt visibility visitors members maySubmit\n    inputs { prompt parameters files { accept maxBytes maxCount } }\n    policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    connection { ...SpaceConnection }\n  }\n": typeof types.SpaceFragmentDoc,
    "\n  fragment JobSnapshot on Job {\n    id status title stage progress message metadata result confidence priority queuePosition attempt\n    createdAt startedAt finishedAt updatedAt keptUntil processingTime revision\n    space { id title }\n    estimatedWait { low high }\n    events { at status stage message attempt }\n    input { prompt parameters files { ...StoredFile } }\n    files { ...StoredFile }\n    error { code message }\n    app { id name }\n    submitter { id name }\n    cancellation { requestedAt deliveredAt confirmedAt }\n  }\n": typeof types.JobSnapshotFragmentDoc,
    "\n  fragment JobRow on Job {\n    id status title stage progress message confidence queuePosition attempt\n    createdAt startedAt finishedAt updatedAt processingTime\n    estimatedWait { low high }\n    space { id title }\n    input { prompt files { name } }\n    error { code message }\n    submitter { id name }\n  }\n": typeof types.JobRowFragmentDoc,
    "\n  fragment Reported on Job { id status attempt stage progress message revision }\n": typeof types.ReportedFragmentDoc,
    "query Spaces { spaces { ...Space } }": typeof types.SpacesDocument,
    "query Space($id: ID!) { space(id: $id) { ...Space } }": typeof types.SpaceDocument,
    "query RemoteApps { remoteApps { ...RemoteApp } }": typeof types.RemoteAppsDocument,
    "query Job($id: ID!) { job(id: $id) { ...JobSnapshot } }": typeof types.JobDocument,
    "\n  query Jobs($space: ID, $status: [JobStatus!], $first: Int, $after: String) {\n    jobs(space: $space, status: $status, first: $first, after: $after) {\n      nodes { ...JobSnapshot }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.JobsDocument,
    "\n  query JobRows($space: ID, $status: [JobStatus!], $submitter: ID, $first: Int, $after: String) {\n    jobs(space: $space, status: $status, submitter: $submitter, first: $first, after: $after) {\n      nodes { ...JobRow }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": typeof types.JobRowsDocument,
    "\n  query Stats {\n    stats {\n      engine processes\n      total { uptimeSeconds totalConnections activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n": typeof types.StatsDocument,
    "\n  mutation CreateSpace($input: CreateSpaceInput!) { createSpace(input: $input) { ...Space } }\n": typeof types.CreateSpaceDocument,
    "\n  mutation UpdateSpace($input: UpdateSpaceInput!) { updateSpace(input: $input) { ...Space } }\n": typeof types.UpdateSpaceDocument,
    "mutation DeleteSpace($id: ID!) { deleteSpace(id: $id) }": typeof types.DeleteSpaceDocument,
    "mutation DisconnectApp($id: ID!) { disconnectApp(id: $id) }": typeof types.DisconnectAppDocument,
    "\n  mutation SubmitInference($input: SubmitInferenceInput!) { submitInference(input: $input) { ...JobSnapshot } }\n": typeof types.SubmitInferenceDocument,
    "mutation CancelJob($id: ID!) { cancelJob(id: $id) { ...JobSnapshot } }": typeof types.CancelJobDocument,
    "mutation RetryJob($id: ID!) { retryJob(id: $id) { ...JobSnapshot } }": typeof types.RetryJobDocument,
    "\n  mutation StartJob($input: StartJobInput!) { startJob(input: $input) { ...Reported } }\n": typeof types.StartJobDocument,
    "\n  mutation ReportOutput($input: ReportOutputInput!) { reportOutput(input: $input) { ...Reported } }\n": typeof types.ReportOutputDocument,
    "query OutputLength($id: ID!) { job(id: $id) { attempt outputLength } }": typeof types.OutputLengthDocument,
    "\n  mutation ReportProgress($input: ReportProgressInput!) { reportProgress(input: $input) { ...Reported } }\n": typeof types.ReportProgressDocument,
    "\n  mutation ReportComplete($input: ReportCompleteInput!) { reportComplete(input: $input) { ...Reported } }\n": typeof types.ReportCompleteDocument,
    "\n  mutation ReportFailure($input: ReportFailureInput!) { reportFailure(input: $input) { ...Reported } }\n": typeof types.ReportFailureDocument,
    "\n  mutation ReportCancelled($input: ReportCancelledInput!) { reportCancelled(input: $input) { ...Reported } }\n": typeof types.ReportCancelledDocument,
    "\n  subscription JobUpdates($id: ID!) { jobUpdates(id: $id) { ...JobSnapshot } }\n": typeof types.JobUpdatesDocument,
    "\n  subscription JobOutput($id: ID!, $after: Float, $attempt: Int) {\n    jobOutput(id: $id, after: $after, attempt: $attempt) { attempt offset end text }\n  }\n": typeof types.JobOutputDocument,
    "\n  subscription JobsChanged($space: ID) { jobsChanged(space: $space) { ...JobSnapshot } }\n": typeof types.JobsChangedDocument,
    "\n  subscription SpaceConnectionChanged($space: ID!) { spaceConnection(space: $space) { ...SpaceConnection } }\n": typeof types.SpaceConnectionChangedDocument,
    "\n  subscription PendingRequests($input: RemoteAppInput!) {\n    pendingRequests(input: $input) {\n      __typename\n      ... on AppRegistered { app { ...RemoteApp } kept lost }\n      ... on RequestAssigned {\n        lease { token expiresAt }\n        job {\n          id attempt createdAt\n          space { id }\n          input { prompt parameters files { ...StoredFile } }\n          submitter { id name }\n        }\n      }\n      ... on CancelRequested { jobId: job leaseToken: lease }\n      ... on LeaseRevoked { jobId: job leaseToken: lease reason }\n      ... on ServerDraining { deadline }\n    }\n  }\n": typeof types.PendingRequestsDocument,
};
const documents: Documents = {
    "fragment Viewer on Viewer { id name role }": types.ViewerFragmentDoc,
    "fragment Session on Session { token expiresAt viewer { ...Viewer } }": types.SessionFragmentDoc,
    "fragment User on User { id name role enabled issuer createdAt }": types.UserFragmentDoc,
    "\n  fragment Token on Token { id name role spaces prefix createdAt lastUsedAt expiresAt owner { ...Viewer } }\n": types.TokenFragmentDoc,
    "query Viewer { viewer { ...Viewer } }": types.ViewerDocument,
    "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { ...Session } }\n": types.LoginDocument,
    "mutation StartSession { startSession { ...Session } }": types.StartSessionDocument,
    "mutation Logout { logout }": types.LogoutDocument,
    "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n": types.ChangePasswordDocument,
    "query Users { users { ...User } }": types.UsersDocument,
    "\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { ...Viewer } }\n": types.CreateUserDocument,
    "\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n": types.ResetPasswordDocument,
    "\n  mutation DisableUser($name: String!) { disableUser(name: $name) { ...User } }\n": types.DisableUserDocument,
    "mutation EnableUser($name: String!) { enableUser(name: $name) { ...User } }": types.EnableUserDocument,
    "\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { ...User } }\n": types.SetUserRoleDocument,
    "query Tokens { tokens { ...Token } }": types.TokensDocument,
    "\n  mutation CreateToken($input: CreateTokenInput!) { createToken(input: $input) { secret token { ...Token } } }\n": types.CreateTokenDocument,
    "mutation RevokeToken($id: ID!) { revokeToken(id: $id) }": types.RevokeTokenDocument,
    "\n  fragment StoredFile on StoredFile { id name type size url }\n": types.StoredFileFragmentDoc,
    "\n  fragment RemoteApp on RemoteApp { id name version status spaces capacity running connectedAt lastSeenAt }\n": types.RemoteAppFragmentDoc,
    "\n  fragment SpaceConnection on SpaceConnectionState {\n    space status capacity running queued changedAt lastConnectedAt\n    apps { ...RemoteApp }\n  }\n": types.SpaceConnectionFragmentDoc,
    "\n  fragment Space on Space {\n    id title description createdAt visibility visitors members maySubmit\n    inputs { prompt parameters files { accept maxBytes maxCount } }\n    policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    connection { ...SpaceConnection }\n  }\n": types.SpaceFragmentDoc,
    "\n  fragment JobSnapshot on Job {\n    id status title stage progress message metadata result confidence priority queuePosition attempt\n    createdAt startedAt finishedAt updatedAt keptUntil processingTime revision\n    space { id title }\n    estimatedWait { low high }\n    events { at status stage message attempt }\n    input { prompt parameters files { ...StoredFile } }\n    files { ...StoredFile }\n    error { code message }\n    app { id name }\n    submitter { id name }\n    cancellation { requestedAt deliveredAt confirmedAt }\n  }\n": types.JobSnapshotFragmentDoc,
    "\n  fragment JobRow on Job {\n    id status title stage progress message confidence queuePosition attempt\n    createdAt startedAt finishedAt updatedAt processingTime\n    estimatedWait { low high }\n    space { id title }\n    input { prompt files { name } }\n    error { code message }\n    submitter { id name }\n  }\n": types.JobRowFragmentDoc,
    "\n  fragment Reported on Job { id status attempt stage progress message revision }\n": types.ReportedFragmentDoc,
    "query Spaces { spaces { ...Space } }": types.SpacesDocument,
    "query Space($id: ID!) { space(id: $id) { ...Space } }": types.SpaceDocument,
    "query RemoteApps { remoteApps { ...RemoteApp } }": types.RemoteAppsDocument,
    "query Job($id: ID!) { job(id: $id) { ...JobSnapshot } }": types.JobDocument,
    "\n  query Jobs($space: ID, $status: [JobStatus!], $first: Int, $after: String) {\n    jobs(space: $space, status: $status, first: $first, after: $after) {\n      nodes { ...JobSnapshot }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.JobsDocument,
    "\n  query JobRows($space: ID, $status: [JobStatus!], $submitter: ID, $first: Int, $after: String) {\n    jobs(space: $space, status: $status, submitter: $submitter, first: $first, after: $after) {\n      nodes { ...JobRow }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n": types.JobRowsDocument,
    "\n  query Stats {\n    stats {\n      engine processes\n      total { uptimeSeconds totalConnections activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n": types.StatsDocument,
    "\n  mutation CreateSpace($input: CreateSpaceInput!) { createSpace(input: $input) { ...Space } }\n": types.CreateSpaceDocument,
    "\n  mutation UpdateSpace($input: UpdateSpaceInput!) { updateSpace(input: $input) { ...Space } }\n": types.UpdateSpaceDocument,
    "mutation DeleteSpace($id: ID!) { deleteSpace(id: $id) }": types.DeleteSpaceDocument,
    "mutation DisconnectApp($id: ID!) { disconnectApp(id: $id) }": types.DisconnectAppDocument,
    "\n  mutation SubmitInference($input: SubmitInferenceInput!) { submitInference(input: $input) { ...JobSnapshot } }\n": types.SubmitInferenceDocument,
    "mutation CancelJob($id: ID!) { cancelJob(id: $id) { ...JobSnapshot } }": types.CancelJobDocument,
    "mutation RetryJob($id: ID!) { retryJob(id: $id) { ...JobSnapshot } }": types.RetryJobDocument,
    "\n  mutation StartJob($input: StartJobInput!) { startJob(input: $input) { ...Reported } }\n": types.StartJobDocument,
    "\n  mutation ReportOutput($input: ReportOutputInput!) { reportOutput(input: $input) { ...Reported } }\n": types.ReportOutputDocument,
    "query OutputLength($id: ID!) { job(id: $id) { attempt outputLength } }": types.OutputLengthDocument,
    "\n  mutation ReportProgress($input: ReportProgressInput!) { reportProgress(input: $input) { ...Reported } }\n": types.ReportProgressDocument,
    "\n  mutation ReportComplete($input: ReportCompleteInput!) { reportComplete(input: $input) { ...Reported } }\n": types.ReportCompleteDocument,
    "\n  mutation ReportFailure($input: ReportFailureInput!) { reportFailure(input: $input) { ...Reported } }\n": types.ReportFailureDocument,
    "\n  mutation ReportCancelled($input: ReportCancelledInput!) { reportCancelled(input: $input) { ...Reported } }\n": types.ReportCancelledDocument,
    "\n  subscription JobUpdates($id: ID!) { jobUpdates(id: $id) { ...JobSnapshot } }\n": types.JobUpdatesDocument,
    "\n  subscription JobOutput($id: ID!, $after: Float, $attempt: Int) {\n    jobOutput(id: $id, after: $after, attempt: $attempt) { attempt offset end text }\n  }\n": types.JobOutputDocument,
    "\n  subscription JobsChanged($space: ID) { jobsChanged(space: $space) { ...JobSnapshot } }\n": types.JobsChangedDocument,
    "\n  subscription SpaceConnectionChanged($space: ID!) { spaceConnection(space: $space) { ...SpaceConnection } }\n": types.SpaceConnectionChangedDocument,
    "\n  subscription PendingRequests($input: RemoteAppInput!) {\n    pendingRequests(input: $input) {\n      __typename\n      ... on AppRegistered { app { ...RemoteApp } kept lost }\n      ... on RequestAssigned {\n        lease { token expiresAt }\n        job {\n          id attempt createdAt\n          space { id }\n          input { prompt parameters files { ...StoredFile } }\n          submitter { id name }\n        }\n      }\n      ... on CancelRequested { jobId: job leaseToken: lease }\n      ... on LeaseRevoked { jobId: job leaseToken: lease reason }\n      ... on ServerDraining { deadline }\n    }\n  }\n": types.PendingRequestsDocument,
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
export function graphql(source: "fragment Viewer on Viewer { id name role }"): (typeof documents)["fragment Viewer on Viewer { id name role }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment Session on Session { token expiresAt viewer { ...Viewer } }"): (typeof documents)["fragment Session on Session { token expiresAt viewer { ...Viewer } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "fragment User on User { id name role enabled issuer createdAt }"): (typeof documents)["fragment User on User { id name role enabled issuer createdAt }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Token on Token { id name role spaces prefix createdAt lastUsedAt expiresAt owner { ...Viewer } }\n"): (typeof documents)["\n  fragment Token on Token { id name role spaces prefix createdAt lastUsedAt expiresAt owner { ...Viewer } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Viewer { viewer { ...Viewer } }"): (typeof documents)["query Viewer { viewer { ...Viewer } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { ...Session } }\n"): (typeof documents)["\n  mutation Login($name: String!, $password: String!) { login(name: $name, password: $password) { ...Session } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation StartSession { startSession { ...Session } }"): (typeof documents)["mutation StartSession { startSession { ...Session } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation Logout { logout }"): (typeof documents)["mutation Logout { logout }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n"): (typeof documents)["\n  mutation ChangePassword($current: String!, $new: String!) { changePassword(current: $current, new: $new) }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Users { users { ...User } }"): (typeof documents)["query Users { users { ...User } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { ...Viewer } }\n"): (typeof documents)["\n  mutation CreateUser($input: CreateUserInput!) { createUser(input: $input) { ...Viewer } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n"): (typeof documents)["\n  mutation ResetPassword($name: String!, $new: String!) { resetPassword(name: $name, new: $new) }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation DisableUser($name: String!) { disableUser(name: $name) { ...User } }\n"): (typeof documents)["\n  mutation DisableUser($name: String!) { disableUser(name: $name) { ...User } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation EnableUser($name: String!) { enableUser(name: $name) { ...User } }"): (typeof documents)["mutation EnableUser($name: String!) { enableUser(name: $name) { ...User } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { ...User } }\n"): (typeof documents)["\n  mutation SetUserRole($name: String!, $role: Role!) { setUserRole(name: $name, role: $role) { ...User } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Tokens { tokens { ...Token } }"): (typeof documents)["query Tokens { tokens { ...Token } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateToken($input: CreateTokenInput!) { createToken(input: $input) { secret token { ...Token } } }\n"): (typeof documents)["\n  mutation CreateToken($input: CreateTokenInput!) { createToken(input: $input) { secret token { ...Token } } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RevokeToken($id: ID!) { revokeToken(id: $id) }"): (typeof documents)["mutation RevokeToken($id: ID!) { revokeToken(id: $id) }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment StoredFile on StoredFile { id name type size url }\n"): (typeof documents)["\n  fragment StoredFile on StoredFile { id name type size url }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment RemoteApp on RemoteApp { id name version status spaces capacity running connectedAt lastSeenAt }\n"): (typeof documents)["\n  fragment RemoteApp on RemoteApp { id name version status spaces capacity running connectedAt lastSeenAt }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment SpaceConnection on SpaceConnectionState {\n    space status capacity running queued changedAt lastConnectedAt\n    apps { ...RemoteApp }\n  }\n"): (typeof documents)["\n  fragment SpaceConnection on SpaceConnectionState {\n    space status capacity running queued changedAt lastConnectedAt\n    apps { ...RemoteApp }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Space on Space {\n    id title description createdAt visibility visitors members maySubmit\n    inputs { prompt parameters files { accept maxBytes maxCount } }\n    policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    connection { ...SpaceConnection }\n  }\n"): (typeof documents)["\n  fragment Space on Space {\n    id title description createdAt visibility visitors members maySubmit\n    inputs { prompt parameters files { accept maxBytes maxCount } }\n    policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }\n    connection { ...SpaceConnection }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment JobSnapshot on Job {\n    id status title stage progress message metadata result confidence priority queuePosition attempt\n    createdAt startedAt finishedAt updatedAt keptUntil processingTime revision\n    space { id title }\n    estimatedWait { low high }\n    events { at status stage message attempt }\n    input { prompt parameters files { ...StoredFile } }\n    files { ...StoredFile }\n    error { code message }\n    app { id name }\n    submitter { id name }\n    cancellation { requestedAt deliveredAt confirmedAt }\n  }\n"): (typeof documents)["\n  fragment JobSnapshot on Job {\n    id status title stage progress message metadata result confidence priority queuePosition attempt\n    createdAt startedAt finishedAt updatedAt keptUntil processingTime revision\n    space { id title }\n    estimatedWait { low high }\n    events { at status stage message attempt }\n    input { prompt parameters files { ...StoredFile } }\n    files { ...StoredFile }\n    error { code message }\n    app { id name }\n    submitter { id name }\n    cancellation { requestedAt deliveredAt confirmedAt }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment JobRow on Job {\n    id status title stage progress message confidence queuePosition attempt\n    createdAt startedAt finishedAt updatedAt processingTime\n    estimatedWait { low high }\n    space { id title }\n    input { prompt files { name } }\n    error { code message }\n    submitter { id name }\n  }\n"): (typeof documents)["\n  fragment JobRow on Job {\n    id status title stage progress message confidence queuePosition attempt\n    createdAt startedAt finishedAt updatedAt processingTime\n    estimatedWait { low high }\n    space { id title }\n    input { prompt files { name } }\n    error { code message }\n    submitter { id name }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  fragment Reported on Job { id status attempt stage progress message revision }\n"): (typeof documents)["\n  fragment Reported on Job { id status attempt stage progress message revision }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Spaces { spaces { ...Space } }"): (typeof documents)["query Spaces { spaces { ...Space } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Space($id: ID!) { space(id: $id) { ...Space } }"): (typeof documents)["query Space($id: ID!) { space(id: $id) { ...Space } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query RemoteApps { remoteApps { ...RemoteApp } }"): (typeof documents)["query RemoteApps { remoteApps { ...RemoteApp } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query Job($id: ID!) { job(id: $id) { ...JobSnapshot } }"): (typeof documents)["query Job($id: ID!) { job(id: $id) { ...JobSnapshot } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Jobs($space: ID, $status: [JobStatus!], $first: Int, $after: String) {\n    jobs(space: $space, status: $status, first: $first, after: $after) {\n      nodes { ...JobSnapshot }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): (typeof documents)["\n  query Jobs($space: ID, $status: [JobStatus!], $first: Int, $after: String) {\n    jobs(space: $space, status: $status, first: $first, after: $after) {\n      nodes { ...JobSnapshot }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query JobRows($space: ID, $status: [JobStatus!], $submitter: ID, $first: Int, $after: String) {\n    jobs(space: $space, status: $status, submitter: $submitter, first: $first, after: $after) {\n      nodes { ...JobRow }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"): (typeof documents)["\n  query JobRows($space: ID, $status: [JobStatus!], $submitter: ID, $first: Int, $after: String) {\n    jobs(space: $space, status: $status, submitter: $submitter, first: $first, after: $after) {\n      nodes { ...JobRow }\n      pageInfo { hasNextPage endCursor }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  query Stats {\n    stats {\n      engine processes\n      total { uptimeSeconds totalConnections activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n"): (typeof documents)["\n  query Stats {\n    stats {\n      engine processes\n      total { uptimeSeconds totalConnections activeConnections activeJobs connectedApps watchers messagesSent errors }\n    }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation CreateSpace($input: CreateSpaceInput!) { createSpace(input: $input) { ...Space } }\n"): (typeof documents)["\n  mutation CreateSpace($input: CreateSpaceInput!) { createSpace(input: $input) { ...Space } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation UpdateSpace($input: UpdateSpaceInput!) { updateSpace(input: $input) { ...Space } }\n"): (typeof documents)["\n  mutation UpdateSpace($input: UpdateSpaceInput!) { updateSpace(input: $input) { ...Space } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DeleteSpace($id: ID!) { deleteSpace(id: $id) }"): (typeof documents)["mutation DeleteSpace($id: ID!) { deleteSpace(id: $id) }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation DisconnectApp($id: ID!) { disconnectApp(id: $id) }"): (typeof documents)["mutation DisconnectApp($id: ID!) { disconnectApp(id: $id) }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation SubmitInference($input: SubmitInferenceInput!) { submitInference(input: $input) { ...JobSnapshot } }\n"): (typeof documents)["\n  mutation SubmitInference($input: SubmitInferenceInput!) { submitInference(input: $input) { ...JobSnapshot } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation CancelJob($id: ID!) { cancelJob(id: $id) { ...JobSnapshot } }"): (typeof documents)["mutation CancelJob($id: ID!) { cancelJob(id: $id) { ...JobSnapshot } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "mutation RetryJob($id: ID!) { retryJob(id: $id) { ...JobSnapshot } }"): (typeof documents)["mutation RetryJob($id: ID!) { retryJob(id: $id) { ...JobSnapshot } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation StartJob($input: StartJobInput!) { startJob(input: $input) { ...Reported } }\n"): (typeof documents)["\n  mutation StartJob($input: StartJobInput!) { startJob(input: $input) { ...Reported } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReportOutput($input: ReportOutputInput!) { reportOutput(input: $input) { ...Reported } }\n"): (typeof documents)["\n  mutation ReportOutput($input: ReportOutputInput!) { reportOutput(input: $input) { ...Reported } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "query OutputLength($id: ID!) { job(id: $id) { attempt outputLength } }"): (typeof documents)["query OutputLength($id: ID!) { job(id: $id) { attempt outputLength } }"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReportProgress($input: ReportProgressInput!) { reportProgress(input: $input) { ...Reported } }\n"): (typeof documents)["\n  mutation ReportProgress($input: ReportProgressInput!) { reportProgress(input: $input) { ...Reported } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReportComplete($input: ReportCompleteInput!) { reportComplete(input: $input) { ...Reported } }\n"): (typeof documents)["\n  mutation ReportComplete($input: ReportCompleteInput!) { reportComplete(input: $input) { ...Reported } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReportFailure($input: ReportFailureInput!) { reportFailure(input: $input) { ...Reported } }\n"): (typeof documents)["\n  mutation ReportFailure($input: ReportFailureInput!) { reportFailure(input: $input) { ...Reported } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  mutation ReportCancelled($input: ReportCancelledInput!) { reportCancelled(input: $input) { ...Reported } }\n"): (typeof documents)["\n  mutation ReportCancelled($input: ReportCancelledInput!) { reportCancelled(input: $input) { ...Reported } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription JobUpdates($id: ID!) { jobUpdates(id: $id) { ...JobSnapshot } }\n"): (typeof documents)["\n  subscription JobUpdates($id: ID!) { jobUpdates(id: $id) { ...JobSnapshot } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription JobOutput($id: ID!, $after: Float, $attempt: Int) {\n    jobOutput(id: $id, after: $after, attempt: $attempt) { attempt offset end text }\n  }\n"): (typeof documents)["\n  subscription JobOutput($id: ID!, $after: Float, $attempt: Int) {\n    jobOutput(id: $id, after: $after, attempt: $attempt) { attempt offset end text }\n  }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription JobsChanged($space: ID) { jobsChanged(space: $space) { ...JobSnapshot } }\n"): (typeof documents)["\n  subscription JobsChanged($space: ID) { jobsChanged(space: $space) { ...JobSnapshot } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription SpaceConnectionChanged($space: ID!) { spaceConnection(space: $space) { ...SpaceConnection } }\n"): (typeof documents)["\n  subscription SpaceConnectionChanged($space: ID!) { spaceConnection(space: $space) { ...SpaceConnection } }\n"];
/**
 * The graphql function is used to parse GraphQL queries into a document that can be used by GraphQL clients.
 */
export function graphql(source: "\n  subscription PendingRequests($input: RemoteAppInput!) {\n    pendingRequests(input: $input) {\n      __typename\n      ... on AppRegistered { app { ...RemoteApp } kept lost }\n      ... on RequestAssigned {\n        lease { token expiresAt }\n        job {\n          id attempt createdAt\n          space { id }\n          input { prompt parameters files { ...StoredFile } }\n          submitter { id name }\n        }\n      }\n      ... on CancelRequested { jobId: job leaseToken: lease }\n      ... on LeaseRevoked { jobId: job leaseToken: lease reason }\n      ... on ServerDraining { deadline }\n    }\n  }\n"): (typeof documents)["\n  subscription PendingRequests($input: RemoteAppInput!) {\n    pendingRequests(input: $input) {\n      __typename\n      ... on AppRegistered { app { ...RemoteApp } kept lost }\n      ... on RequestAssigned {\n        lease { token expiresAt }\n        job {\n          id attempt createdAt\n          space { id }\n          input { prompt parameters files { ...StoredFile } }\n          submitter { id name }\n        }\n      }\n      ... on CancelRequested { jobId: job leaseToken: lease }\n      ... on LeaseRevoked { jobId: job leaseToken: lease reason }\n      ... on ServerDraining { deadline }\n    }\n  }\n"];

export function graphql(source: string) {
  return (documents as any)[source] ?? {};
}

export type DocumentType<TDocumentNode extends DocumentNode<any, any>> = TDocumentNode extends DocumentNode<  infer TType,  any>  ? TType  : never;