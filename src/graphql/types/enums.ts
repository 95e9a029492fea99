import type { connectionStatuses } from '../../domain/app.ts';
import { type JobStatus, jobStatuses } from '../../domain/job.ts';
import type { ErrorCode as Code, errorCodes } from '../../domain/refusal.ts';
import { builder } from '../builder.ts';

export const described = <T extends string>(values: Record<T, string>): Record<T, { description: string }> =>
  Object.fromEntries(Object.entries<string>(values).map(([name, description]) => [name, { description }])) as Record<
    T,
    { description: string }
  >;

const statuses: Record<JobStatus, string> = {
  QUEUED: 'Waits for a remote app.',
  RUNNING: 'A remote app, or for a tracked job its reporter, works on it.',
  CANCELLING: 'Someone asked for its end; the worker has not stopped yet.',
  COMPLETED: 'Ended with a result. Never changes again.',
  FAILED: 'Ended with an error. Never changes again.',
  CANCELLED: 'Ended because someone asked. Never changes again.',
  TIMED_OUT: 'Ended by a deadline of the server. Never changes again.',
};
export const JobStatusType = builder.enumType('JobStatus', {
  description: 'Where a job is in its life. COMPLETED, FAILED, CANCELLED and TIMED_OUT are final.',
  values: described(statuses),
});

const connections: Record<(typeof connectionStatuses)[number], string> = {
  CONNECTED: 'It is there and takes work.',
  RECONNECTING: 'Lost without goodbye or silent, still within its grace.',
  DISCONNECTED: 'Not there.',
};
export const ConnectionStatusType = builder.enumType('ConnectionStatus', {
  description: 'Whether a remote app, or any of a space, is connected.',
  values: described(connections),
});

export const WhenOfflineType = builder.enumType('WhenOffline', {
  description: 'What a submit to a space without a remote app does.',
  values: described({
    REJECT: 'It is refused with SPACE_NOT_CONNECTED.',
    QUEUE: 'It waits for one.',
  }),
});

export const VisibilityType = builder.enumType('SpaceVisibility', {
  description: 'Who sees a space.',
  values: described({
    PUBLIC: 'Everybody; whoever is signed in submits to it, and visitors if it says so.',
    PRIVATE: 'Its members, its apps and administrators.',
  }),
});

export const QueueOrderType = builder.enumType('QueueOrder', {
  description: 'In which order jobs of the same priority start.',
  values: described({
    FIFO: 'First in, first out.',
    FAIR: 'Submitters take turns, first in first out for each.',
  }),
});

export const RoleType = builder.enumType('Role', {
  description: 'What a viewer is.',
  values: described({
    ANONYMOUS: 'Not signed in.',
    USER: 'A person, or a script of one.',
    ADMIN: 'A person who administers, or a script of one.',
    APP: 'A remote app.',
    REPORTER: 'A service that reports progress of its own jobs.',
  }),
});

const codes: Record<Code, string> = {
  BAD_USER_INPUT: 'The operation or a value in it is not valid; `field` names it.',
  UNAUTHENTICATED: 'Sign in first.',
  FORBIDDEN: 'These credentials, or pages of this origin, may not do it.',
  NOT_FOUND: 'There is no such thing, or it is not yours to see.',
  ALREADY_EXISTS: 'The id is taken.',
  CONFLICT: 'Something else is in the way; the message says what.',
  SPACE_NOT_CONNECTED: 'No remote app is connected to the space.',
  QUEUE_FULL: 'As many jobs wait as the space allows, or as many of yours as the server does; `limit` says how many.',
  INPUT_NOT_ACCEPTED: 'The space does not take such input: see its `inputs`.',
  FILE_TOO_LARGE: 'A file is larger than `limit` bytes.',
  FILE_TYPE_NOT_ACCEPTED: 'The space does not take files of this type.',
  PAYLOAD_TOO_LARGE: 'A text, a JSON value or a message is larger than `limit` bytes.',
  LEASE_LOST: 'The lease moved on, or the attempt is over: stop working on the job.',
  JOB_FINISHED: 'The job has ended already.',
  OUTPUT_GAP: 'Output is missing before this offset; `limit` is the offset to go on from.',
  OUTPUT_TRUNCATED: 'The output of the asked attempt is gone.',
  RATE_LIMITED: 'Too many at once or in a while; `retryAfterSeconds` says when again.',
  QUERY_TOO_COMPLEX: 'The operation is too deep or too costly.',
  SERVER_DRAINING: 'This server is going away: connect again.',
  INTERNAL_SERVER_ERROR: 'Something unexpected; the log has it.',
};
builder.enumType('ErrorCode', {
  description: 'Every expected error carries one of these in extensions.code.',
  values: described(codes),
});

// The closed table and its descriptions must not drift apart.
codes satisfies Record<(typeof errorCodes)[number], string>;
jobStatuses satisfies readonly (keyof typeof statuses)[];
