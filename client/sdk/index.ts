export * from './access-documents.ts';
export type { CallOptions, Connection, ConnectionOptions, TokenSource } from './connection.ts';
export { connect } from './connection.ts';
export type { VisitorMemory } from './credentials.ts';
export * from './documents.ts';
export type { ErrorDetails, SpacedockErrorCode } from './errors.ts';
export { errorCode, SpacedockError } from './errors.ts';
export type { JobFailureDetails } from './failure.ts';
export { JobFailure } from './failure.ts';
export type { UploadSource } from './files.ts';
export type * from './gql/enums.ts';
export type {
  CreateSpaceInput,
  CreateTokenInput,
  CreateUserInput,
  JobRowFragment,
  RemoteAppFragment,
  ReportCompleteInput,
  ReportFailureInput,
  ReportProgressInput,
  SessionFragment,
  SpaceConnectionFragment,
  SpaceFragment,
  SubmitInferenceInput,
  TokenFragment,
  UpdateSpaceInput,
  UserFragment,
  ViewerFragment,
} from './gql/graphql.ts';
export type { Json } from './json.ts';
export type { ConnectionChange } from './link.ts';
export { connectRemoteApp } from './remote-app.ts';
export type {
  HandlerResult,
  HandlerTools,
  InferenceRequest,
  RemoteApp,
  RemoteAppEvent,
  RemoteAppOptions,
  StoredFile,
} from './remote-app-options.ts';
export type { ReportedJob } from './report-queue.ts';
export { createProgressReporter } from './reporter.ts';
export type {
  CompleteOptions,
  FailureOptions,
  ProgressReporter,
  ProgressReporterOptions,
  StartOptions,
} from './reporter-options.ts';
export type { Stage, Stages } from './stages.ts';
export type { Track, Tracked, TrackOptions } from './track.ts';
export type { LinkState, LinkWatch, SpacedockClient, UrqlOptions } from './urql.ts';
export { createUrqlClient } from './urql.ts';
export type { JobSnapshot } from './watch.ts';
export { watchJob } from './watch.ts';
export type { OutputChunk, WatchOutputOptions } from './watch-output.ts';
export { watchOutput } from './watch-output.ts';
