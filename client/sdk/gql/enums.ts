/** What was done. */
export type AuditKind =
  /** A remote app registered. */
  | 'APP_CONNECTED'
  /** A remote app said goodbye (`detail.how`: left) or was lost (lost). */
  | 'APP_DISCONNECTED'
  /** An administrator ended a remote app’s connection. */
  | 'APP_REMOVED'
  /** A password was changed. */
  | 'PASSWORD_CHANGED'
  /** A user was given another role: `detail.role`. */
  | 'ROLE_CHANGED'
  /** Somebody signed in. */
  | 'SIGNED_IN'
  /** Somebody signed out. */
  | 'SIGNED_OUT'
  /** A sign-in was refused. */
  | 'SIGN_IN_FAILED'
  /** A space was created. */
  | 'SPACE_CREATED'
  /** A space was deleted, with its jobs and files. */
  | 'SPACE_DELETED'
  /** A space was changed; `detail.fields` names what. */
  | 'SPACE_UPDATED'
  /** A token was created. */
  | 'TOKEN_CREATED'
  /** A token was revoked. */
  | 'TOKEN_REVOKED'
  /** An account was created. */
  | 'USER_CREATED'
  /** An account was disabled; its sessions and sockets have ended. */
  | 'USER_DISABLED'
  /** A disabled account may sign in again. */
  | 'USER_ENABLED';

/** Whether a remote app, or any of a space, is connected. */
export type ConnectionStatus =
  /** It is there and takes work. */
  | 'CONNECTED'
  /** Not there. */
  | 'DISCONNECTED'
  /** Lost without goodbye or silent, still within its grace. */
  | 'RECONNECTING';

/** Every expected error carries one of these in extensions.code. */
export type ErrorCode =
  /** The id is taken. */
  | 'ALREADY_EXISTS'
  /** The operation or a value in it is not valid; `field` names it. */
  | 'BAD_USER_INPUT'
  /** Something else is in the way; the message says what. */
  | 'CONFLICT'
  /** A file is larger than `limit` bytes. */
  | 'FILE_TOO_LARGE'
  /** The space does not take files of this type. */
  | 'FILE_TYPE_NOT_ACCEPTED'
  /** These credentials, or pages of this origin, may not do it. */
  | 'FORBIDDEN'
  /** The space does not take such input: see its `inputs`. */
  | 'INPUT_NOT_ACCEPTED'
  /** Something unexpected; the log has it. */
  | 'INTERNAL_SERVER_ERROR'
  /** The job has ended already. */
  | 'JOB_FINISHED'
  /** The lease moved on, or the attempt is over: stop working on the job. */
  | 'LEASE_LOST'
  /** There is no such thing, or it is not yours to see. */
  | 'NOT_FOUND'
  /** Output is missing before this offset; `limit` is the offset to go on from. */
  | 'OUTPUT_GAP'
  /** The output of the asked attempt is gone. */
  | 'OUTPUT_TRUNCATED'
  /** A text, a JSON value or a message is larger than `limit` bytes. */
  | 'PAYLOAD_TOO_LARGE'
  /** The operation is too deep or too costly. */
  | 'QUERY_TOO_COMPLEX'
  /** As many jobs wait as the space allows, or as many of yours as the server does; `limit` says how many. */
  | 'QUEUE_FULL'
  /** Too many at once or in a while; `retryAfterSeconds` says when again. */
  | 'RATE_LIMITED'
  /** This server is going away: connect again. */
  | 'SERVER_DRAINING'
  /** No remote app is connected to the space. */
  | 'SPACE_NOT_CONNECTED'
  /** Sign in first. */
  | 'UNAUTHENTICATED';

/** Where a job is in its life. COMPLETED, FAILED, CANCELLED and TIMED_OUT are final. */
export type JobStatus =
  /** Ended because someone asked. Never changes again. */
  | 'CANCELLED'
  /** Someone asked for its end; the worker has not stopped yet. */
  | 'CANCELLING'
  /** Ended with a result. Never changes again. */
  | 'COMPLETED'
  /** Ended with an error. Never changes again. */
  | 'FAILED'
  /** Waits for a remote app. */
  | 'QUEUED'
  /** A remote app, or for a tracked job its reporter, works on it. */
  | 'RUNNING'
  /** Ended by a deadline of the server. Never changes again. */
  | 'TIMED_OUT';

/** In which order jobs of the same priority start. */
export type QueueOrder =
  /** Submitters take turns, first in first out for each. */
  | 'FAIR'
  /** First in, first out. */
  | 'FIFO';

/** What a viewer is. */
export type Role =
  /** A person who administers, or a script of one. */
  | 'ADMIN'
  /** Not signed in. */
  | 'ANONYMOUS'
  /** A remote app. */
  | 'APP'
  /** A service that reports progress of its own jobs. */
  | 'REPORTER'
  /** A person, or a script of one. */
  | 'USER';

/** Who sees a space. */
export type SpaceVisibility =
  /** Its members, its apps and administrators. */
  | 'PRIVATE'
  /** Everybody; whoever is signed in submits to it, and visitors if it says so. */
  | 'PUBLIC';

/** What a submit to a space without a remote app does. */
export type WhenOffline =
  /** It waits for one. */
  | 'QUEUE'
  /** It is refused with SPACE_NOT_CONNECTED. */
  | 'REJECT';
