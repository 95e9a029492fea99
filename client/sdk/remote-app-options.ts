import type { TokenSource } from './connection.ts';
import type { SpacedockError } from './errors.ts';
import type { UploadSource } from './files.ts';
import type { RemoteAppFragment, StoredFileFragment } from './gql/graphql.ts';
import type { Json } from './json.ts';

/** A file of a request or a result. `url` is signed and time-limited, and may be a path of the server. */
export type StoredFile = StoredFileFragment;

/** What somebody asks of a space. */
export interface InferenceRequest {
  /** The job's id. */
  id: string;
  space: string;
  prompt: string | null;
  parameters: Json;
  files: StoredFile[];
  /** Counts from 1. */
  attempt: number;
  submitter: { id: string; name: string } | null;
  /** ISO 8601. */
  createdAt: string;
}

/** What a handler returns. Nothing at all is a result too. */
export interface HandlerResult {
  result?: Json;
  /** Sent to the server and attached to the job. */
  files?: UploadSource[];
  /** 0 to 1, as the app judges its own result. */
  confidence?: number;
  message?: string;
  metadata?: Json;
}

/** What a handler gets beside its request. */
export interface HandlerTools {
  /**
   * Aborted when the work is no longer wanted. Its reason is a SpacedockError: CANCELLED when somebody cancelled the
   * job; any other code when it is no longer this app's (LEASE_LOST), or the app ends.
   */
  signal: AbortSignal;
  /**
   * Tells watchers how far the work is. At most ten reports a second leave, the latest wins. Never rejects and never
   * waits for the network, only for one turn of the event loop: a long computation that awaits it stays reachable.
   * @param progress 0 to 1, clamped. Left out: as it was.
   */
  progress(stage: string, progress?: number, message?: string, metadata?: Json): Promise<void>;
  /**
   * Streams output to whoever watches the job: tokens, lines. It leaves in batches (50 ms, or 16 KB), in order, over every lost
   * connection, and all of it before the result; a character cut in two by two calls stays whole. Waits for one turn of the event
   * loop, and for room while a quarter of a million characters wait. Once the server takes no more (PAYLOAD_TOO_LARGE: the output of an
   * attempt has a limit) it rejects with that SpacedockError, and the job fails with its code. Needs no await.
   */
  write(text: string): Promise<void>;
  /** The content of a file of the request. Tries again over short outages. Rejects with a SpacedockError. */
  fetchFile(file: StoredFile): Promise<Blob>;
  /** Streams a file of the request into a directory under a safe form of its own name, and returns its path. Node only. */
  saveFile(file: StoredFile, directory: string): Promise<string>;
}

export type RemoteAppEvent =
  | { type: 'connecting'; url: string }
  /** kept and lost: ids of jobs held before. */
  | { type: 'registered'; app: RemoteAppFragment; kept: string[]; lost: string[] }
  | { type: 'request'; job: string; request: InferenceRequest }
  /** The result was accepted. */
  | { type: 'result'; job: string }
  /** The handler failed, or its result was refused; the failure was accepted. */
  | { type: 'failed'; job: string; error: Error }
  /** The work stopped after a cancel, and the server knows. */
  | { type: 'cancelled'; job: string }
  /** The lease is gone; the work's signal was aborted and nothing is reported. */
  | { type: 'revoked'; job: string; reason: string }
  | { type: 'draining' }
  | { type: 'disconnected'; code: number; reason: string; retryInMs: number }
  /** The server refused a report (job is set), or the registration: then the app ends with the error (final), or tries again with backoff. */
  | { type: 'refused'; job?: string; final?: boolean; error: SpacedockError };

export interface RemoteAppOptions {
  /** As for `connect`. */
  url: string;
  /**
   * Of an app for these spaces (`spacedock token create --spaces a,b`), or an administrator's; sent as `Authorization: Bearer …`. Once it is
   * refused, as after it was revoked, the app ends with UNAUTHENTICATED. @default none, which is enough where the server's access is open
   */
  token?: TokenSource;
  /** The spaces to serve. */
  spaces: string[];
  /** How many requests are worked on at a time. @default 1 */
  capacity?: number;
  /** Shown to people. @default 'remote app' */
  name?: string;
  version?: string;
  /** Tells runs of the app apart; the same one ends the other's registration. @default a random uuid */
  instance?: string;
  /** How often a silent server is asked for a sign of life, and how long it has for each. @default 10 */
  keepAliveSeconds?: number;
  /** Does the work. Throw JobFailure to fail with a code of your own, or retryably; anything else thrown is an APP_ERROR. */
  // biome-ignore lint/suspicious/noConfusingVoidType: a handler that returns nothing is a Promise<void>
  handler(request: InferenceRequest, tools: HandlerTools): Promise<HandlerResult | void> | HandlerResult | void;
  onEvent?(event: RemoteAppEvent): void;
  /** SIGTERM and SIGINT drain; a second one closes at once. @default true in Node */
  drainOnSignals?: boolean;
}

export interface RemoteApp extends AsyncDisposable {
  readonly instance: string;
  /** Resolves at the first registration; rejects when the app ends without one. */
  readonly registered: Promise<void>;
  /** Resolves when the app was drained or closed; rejects with a SpacedockError when the server does not want it. */
  readonly done: Promise<void>;
  /** Takes no new work, finishes what is in hand, says goodbye and closes. */
  drain(): Promise<void>;
  /** Aborts what is in hand, says goodbye and closes: the server gives the work to others at once. */
  close(): Promise<void>;
}
