import { isIPv4 } from 'node:net';
import { type IssuerConfig, issuerOf, issuerProblem } from './domain/issuer.ts';
import type { Setting } from './setting.ts';
import { SETTINGS } from './settings.ts';

/** How a browser calls the machine it runs on. */
export const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isLoopback = (host: string): boolean =>
  LOCAL.has(host) || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const QUEUED_PER_VIEWER = 100;

/** What the variables are, each by itself. */
type Environment = {
  [Name in keyof typeof SETTINGS]: (typeof SETTINGS)[Name] extends Setting<infer Value> ? Value : never;
};

export interface Config {
  host: string;
  port: number;
  /** Null: the embedded engine. */
  redisUrl: string | null;
  dataDir: string;
  /** A `file:` URL; null: `files` in the data directory. */
  filesUrl: string | null;
  publicUrl: string | null;
  keyPrefix: string;
  /** `open`: everybody who reaches the server administers it. */
  access: Environment['ACCESS'];
  /** Null: a random one, when the first administrator is made. */
  adminPassword: string | null;
  /** How long a session lasts that is not used. */
  sessionMs: number;
  /** Null: people sign in with passwords alone. */
  issuer: IssuerConfig | null;
  /** Null: the own origin, and any localhost while bound to loopback. */
  allowedOrigins: string[] | null;
  /** Addresses and networks (CIDR, or a name that proxy-addr knows) of the proxies in front; null: there is none. */
  trustProxy: string[] | null;
  /** Whether the schema can be asked for. */
  introspection: boolean;
  graphiql: boolean;
  /** A file of the only documents that are run; null: all are. */
  persistedOperations: string | null;
  logLevel: Environment['LOG_LEVEL'];
  keepaliveMs: number;
  graceMs: number;
  silenceMs: number;
  trackedSeconds: number;
  drainMs: number;
  /** How long the audit log keeps an entry; 0: nothing is recorded. */
  auditDays: number;
  limits: Limits;
}

/** In bytes, but for the counts. */
export interface Limits {
  body: number;
  message: number;
  operationsPerSocket: number;
  /** And streams of events, of one client address. */
  socketsPerAddress: number;
  /** Unsent bytes at which a socket is closed with 4513. */
  buffered: number;
  prompt: number;
  parameters: number;
  result: number;
  /** Streamed output of one attempt. */
  output: number;
  file: number;
  /** Jobs of one submitter that wait in one space. Null: any number, as where access is open all are one. */
  queuedPerViewer: number | null;
  /** Within 15 minutes. */
  signIn: Readonly<{ failuresPerName: number; failuresPerAddress: number }>;
  query: QueryLimits;
  rates: RateLimits;
  /** Unclaimed uploads of one viewer, and what they take together. */
  uploads: number;
  uploadBytes: number;
  /** What all files take. Null: as much as there is. */
  storage: number | null;
  /** What stays free of the disk that files are on. */
  minFree: number;
}

/** What one viewer may do in a while, at one process. */
export interface RateLimits {
  socketsPerViewer: number;
  /** Of one token or session. */
  operationsPerSecond: number;
  /** Of all visitors of one address together. */
  visitorOperationsPerSecond: number;
  /** To one space. */
  submitsPerMinute: number;
  visitorSubmitsPerMinute: number;
}

/** What one GraphQL document may be; all but the tokens for each operation in it. */
export interface QueryLimits {
  tokens: number;
  /** Fields within fields. */
  depth: number;
  aliases: number;
  directives: number;
  /** Values in the answer, at worst. */
  cost: number;
}

export class ConfigError extends Error {
  override readonly name = 'ConfigError';
}

/** A variable without a text is one that is not set. */
function readEnvironment(env: Record<string, string | undefined>): Environment {
  const problems: string[] = [];
  const values = Object.entries<Setting<unknown>>(SETTINGS).map(([name, setting]) => {
    const text = env[name];
    if (text === undefined || text === '') return [name, setting.fallback];
    const value = setting.read(text);
    if (value === undefined) {
      problems.push(`${name}: must be ${setting.must} (it is ${JSON.stringify(setting.secret ? '…' : text)})`);
    }
    return [name, value];
  });
  if (problems.length > 0) throw new ConfigError(problems.join('\n'));
  return Object.fromEntries(values) as Environment;
}

/** What says that people of other machines come to a server, and what to do about it; null: nothing does. */
function wayFromOutside({
  host,
  publicUrl,
  trustProxy,
  allowedOrigins,
}: Pick<Config, 'host' | 'publicUrl' | 'trustProxy' | 'allowedOrigins'>) {
  if (!isLoopback(host)) return `listen on 127.0.0.1 (HOST is ${JSON.stringify(host)})`;
  if (publicUrl !== null && !isLoopback(new URL(publicUrl).hostname)) {
    return `unset PUBLIC_URL (it is ${JSON.stringify(publicUrl)}), and take a PORT that no proxy leads to`;
  }
  if (trustProxy !== null) {
    return `unset TRUST_PROXY (it is ${JSON.stringify(trustProxy.join(','))}), and take a PORT that no proxy leads to`;
  }
  if (allowedOrigins?.includes('*')) return 'name origins in ALLOWED_ORIGINS (it is "*": every page of the web)';
  return null;
}

/** The configuration of one server, frozen; a bad value is refused with the name of its variable. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const e = readEnvironment(env);
  const problem = issuerProblem(e);
  if (problem !== null) throw new ConfigError(problem);
  const config: Config = {
    host: e.HOST,
    port: e.PORT,
    redisUrl: e.REDIS_URL,
    dataDir: e.DATA_DIR,
    filesUrl: e.FILES_URL,
    publicUrl: e.PUBLIC_URL?.replace(/\/+$/, '') ?? null,
    keyPrefix: e.KEY_PREFIX,
    access: e.ACCESS,
    adminPassword: e.ADMIN_PASSWORD,
    sessionMs: e.SESSION_DAYS * 86_400_000,
    issuer: issuerOf(e),
    allowedOrigins: e.ALLOWED_ORIGINS,
    trustProxy: e.TRUST_PROXY,
    introspection: e.INTROSPECTION,
    graphiql: e.GRAPHIQL,
    persistedOperations: e.PERSISTED_OPERATIONS,
    logLevel: e.LOG_LEVEL,
    keepaliveMs: e.KEEPALIVE_SECONDS * 1000,
    graceMs: e.RECONNECT_GRACE_SECONDS * 1000,
    silenceMs: e.APP_SILENCE_SECONDS * 1000,
    trackedSeconds: e.TRACKED_SECONDS,
    drainMs: e.DRAIN_SECONDS * 1000,
    auditDays: e.AUDIT_DAYS,
    limits: {
      body: e.MAX_BODY_BYTES,
      message: e.MAX_MESSAGE_BYTES,
      operationsPerSocket: e.MAX_OPERATIONS_PER_SOCKET,
      socketsPerAddress: e.MAX_SOCKETS_PER_ADDRESS,
      buffered: e.MAX_BUFFERED_BYTES,
      prompt: e.MAX_PROMPT_BYTES,
      parameters: e.MAX_PARAMETERS_BYTES,
      result: e.MAX_RESULT_BYTES,
      output: e.MAX_OUTPUT_BYTES,
      file: e.MAX_FILE_BYTES,
      rates: Object.freeze({
        socketsPerViewer: e.MAX_SOCKETS_PER_VIEWER,
        operationsPerSecond: e.MAX_OPERATIONS_PER_SECOND,
        visitorOperationsPerSecond: e.MAX_VISITOR_OPERATIONS_PER_SECOND,
        submitsPerMinute: e.MAX_SUBMITS_PER_MINUTE,
        visitorSubmitsPerMinute: e.MAX_VISITOR_SUBMITS_PER_MINUTE,
      }),
      query: Object.freeze({
        tokens: e.MAX_QUERY_TOKENS,
        depth: e.MAX_QUERY_DEPTH,
        aliases: e.MAX_QUERY_ALIASES,
        directives: e.MAX_QUERY_DIRECTIVES,
        cost: e.MAX_QUERY_COST,
      }),
      queuedPerViewer: e.MAX_QUEUED_PER_VIEWER ?? (e.ACCESS === 'open' ? null : QUEUED_PER_VIEWER),
      signIn: Object.freeze({
        failuresPerName: e.MAX_SIGN_IN_FAILURES_PER_NAME,
        failuresPerAddress: e.MAX_SIGN_IN_FAILURES_PER_ADDRESS,
      }),
      uploads: e.MAX_UPLOADS_PER_VIEWER,
      uploadBytes: e.MAX_UPLOADS_BYTES_PER_VIEWER,
      storage: e.MAX_STORAGE_BYTES,
      minFree: e.MIN_FREE_BYTES,
    },
  };
  const way = config.access === 'open' ? wayFromOutside(config) : null;
  if (way !== null) {
    throw new ConfigError(
      `ACCESS: "open" makes everybody an administrator, and is only for a server that nobody reaches from elsewhere: ${way}`,
    );
  }
  Object.freeze(config.limits);
  return Object.freeze(config);
}
