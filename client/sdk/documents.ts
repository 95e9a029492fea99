import { graphql } from './gql/index.ts';

/** The operations of the SDK and the command line. Every one selects only what its callers show. */

export const storedFileFragment = graphql(`
  fragment StoredFile on StoredFile { id name type size url }
`);

export const remoteAppFragment = graphql(`
  fragment RemoteApp on RemoteApp { id name version status spaces capacity running connectedAt lastSeenAt }
`);

export const spaceConnectionFragment = graphql(`
  fragment SpaceConnection on SpaceConnectionState {
    space status capacity running queued changedAt lastConnectedAt
    apps { ...RemoteApp }
  }
`);

export const spaceFragment = graphql(`
  fragment Space on Space {
    id title description createdAt visibility visitors members maySubmit
    inputs { prompt parameters files { accept maxBytes maxCount } }
    policy { whenOffline order maxQueued maxQueueSeconds maxRunSeconds retentionSeconds maxAttempts }
    connection { ...SpaceConnection }
  }
`);

export const jobFragment = graphql(`
  fragment JobSnapshot on Job {
    id status title stage progress message metadata result confidence priority queuePosition attempt
    createdAt startedAt finishedAt updatedAt keptUntil processingTime revision
    space { id title }
    estimatedWait { low high }
    events { at status stage message attempt }
    input { prompt parameters files { ...StoredFile } }
    files { ...StoredFile }
    error { code message }
    app { id name }
    submitter { id name }
    cancellation { requestedAt deliveredAt confirmedAt }
  }
`);

/** A job in a list: without the rest of its input and its result, which may be large. */
export const jobRowFragment = graphql(`
  fragment JobRow on Job {
    id status title stage progress message confidence queuePosition attempt
    createdAt startedAt finishedAt updatedAt processingTime
    estimatedWait { low high }
    space { id title }
    input { prompt files { name } }
    error { code message }
    submitter { id name }
  }
`);

export const reportedFragment = graphql(`
  fragment Reported on Job { id status attempt stage progress message revision }
`);

export const spacesQuery = graphql(`query Spaces { spaces { ...Space } }`);
export const spaceQuery = graphql(`query Space($id: ID!) { space(id: $id) { ...Space } }`);
export const remoteAppsQuery = graphql(`query RemoteApps { remoteApps { ...RemoteApp } }`);
export const jobQuery = graphql(`query Job($id: ID!) { job(id: $id) { ...JobSnapshot } }`);
export const jobsQuery = graphql(`
  query Jobs($space: ID, $status: [JobStatus!], $first: Int, $after: String) {
    jobs(space: $space, status: $status, first: $first, after: $after) {
      nodes { ...JobSnapshot }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
export const jobRowsQuery = graphql(`
  query JobRows($space: ID, $status: [JobStatus!], $submitter: ID, $first: Int, $after: String) {
    jobs(space: $space, status: $status, submitter: $submitter, first: $first, after: $after) {
      nodes { ...JobRow }
      pageInfo { hasNextPage endCursor }
    }
  }
`);
export const statsQuery = graphql(`
  query Stats {
    stats {
      engine processes
      total { uptimeSeconds totalConnections activeConnections activeJobs connectedApps watchers messagesSent errors }
    }
  }
`);

export const createSpaceMutation = graphql(`
  mutation CreateSpace($input: CreateSpaceInput!) { createSpace(input: $input) { ...Space } }
`);
export const updateSpaceMutation = graphql(`
  mutation UpdateSpace($input: UpdateSpaceInput!) { updateSpace(input: $input) { ...Space } }
`);
export const deleteSpaceMutation = graphql(`mutation DeleteSpace($id: ID!) { deleteSpace(id: $id) }`);
export const disconnectAppMutation = graphql(`mutation DisconnectApp($id: ID!) { disconnectApp(id: $id) }`);

export const submitInferenceMutation = graphql(`
  mutation SubmitInference($input: SubmitInferenceInput!) { submitInference(input: $input) { ...JobSnapshot } }
`);
export const cancelJobMutation = graphql(`mutation CancelJob($id: ID!) { cancelJob(id: $id) { ...JobSnapshot } }`);
export const retryJobMutation = graphql(`mutation RetryJob($id: ID!) { retryJob(id: $id) { ...JobSnapshot } }`);

export const startJobMutation = graphql(`
  mutation StartJob($input: StartJobInput!) { startJob(input: $input) { ...Reported } }
`);
export const reportOutputMutation = graphql(`
  mutation ReportOutput($input: ReportOutputInput!) { reportOutput(input: $input) { ...Reported } }
`);
export const outputLengthQuery = graphql(`query OutputLength($id: ID!) { job(id: $id) { attempt outputLength } }`);
export const reportProgressMutation = graphql(`
  mutation ReportProgress($input: ReportProgressInput!) { reportProgress(input: $input) { ...Reported } }
`);
export const reportCompleteMutation = graphql(`
  mutation ReportComplete($input: ReportCompleteInput!) { reportComplete(input: $input) { ...Reported } }
`);
export const reportFailureMutation = graphql(`
  mutation ReportFailure($input: ReportFailureInput!) { reportFailure(input: $input) { ...Reported } }
`);
export const reportCancelledMutation = graphql(`
  mutation ReportCancelled($input: ReportCancelledInput!) { reportCancelled(input: $input) { ...Reported } }
`);

export const jobUpdatesSubscription = graphql(`
  subscription JobUpdates($id: ID!) { jobUpdates(id: $id) { ...JobSnapshot } }
`);
export const jobOutputSubscription = graphql(`
  subscription JobOutput($id: ID!, $after: Float, $attempt: Int) {
    jobOutput(id: $id, after: $after, attempt: $attempt) { attempt offset end text }
  }
`);
export const jobsChangedSubscription = graphql(`
  subscription JobsChanged($space: ID) { jobsChanged(space: $space) { ...JobSnapshot } }
`);
export const spaceConnectionSubscription = graphql(`
  subscription SpaceConnectionChanged($space: ID!) { spaceConnection(space: $space) { ...SpaceConnection } }
`);
export const pendingRequestsSubscription = graphql(`
  subscription PendingRequests($input: RemoteAppInput!) {
    pendingRequests(input: $input) {
      __typename
      ... on AppRegistered { app { ...RemoteApp } kept lost }
      ... on RequestAssigned {
        lease { token expiresAt }
        job {
          id attempt createdAt
          space { id }
          input { prompt parameters files { ...StoredFile } }
          submitter { id name }
        }
      }
      ... on CancelRequested { jobId: job leaseToken: lease }
      ... on LeaseRevoked { jobId: job leaseToken: lease reason }
      ... on ServerDraining { deadline }
    }
  }
`);
