import { isIP, isIPv4 } from 'node:net';
import { z } from 'zod';
import { MAX_PASSWORD, MIN_PASSWORD } from './domain/account.ts';
import { type IssuerConfig, issuerOf, issuerProblem } from './domain/issuer.ts';

/** How a browser calls the machine it runs on. */
export const LOCAL: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]']);

export const isLoopback = (host: string): boolean =>
  LOCAL.has(host) || host === '::1' || (isIPv4(host) && host.startsWith('127.'));

const KIB = 1024;
const MIB = 1024 * KIB;

const number = () => z.coerce.number('must be a number');
const whole = () => number().int('must be a whole number');
const seconds = (fallback: number) => number().positive().max(86_400).default(fallback);
const bytes = (fallback: number) => whole().positive().default(fallback);
const count = (fallback: number) => whole().positive().default(fallback);
const onOff = (fallback: boolean) =>
  z
    .enum(['on', 'off'], 'must be on or off')
    .transform((value) => value === 'on')
    .default(fallback);
const rate = (fallback: number) => number().positive().default(fallback);
const QUEUED_PER_VIEWER = 100;
const optional = z
  .string()
  .transform((text) => (text === '' ? null : text))
  .nullable()
  .default(null);

const url = (schemes: string[]) =>
  optional.refine((text) => text === null || (URL.canParse(text) && schemes.includes(new URL(text).protocol)), {
    message: `must be a URL beginning with ${schemes.map((scheme) => `${scheme}//`).join(' or ')}`,
  });

/** Every environment variable the server reads, with its default. */
export const environment = z.object({
  HOST: z.string().min(1).default('127.0.0.1'),
  PORT: whole().min(0).max(65_535).default(4000),
  REDIS_URL: url(['redis:', 'rediss:']),
  DATA_DIR: z.string().min(1).default('./data'),
  FILES_URL: url(['file:']),
  PUBLIC_URL: url(['http:', 'https:']),
  KEY_PREFIX: z
    .string()
    .regex(/^[A-Za-z0-9_:-]{1,64}$/, 'must be 1 to 64 of the characters A-Z a-z 0-9 _ : -')
    .default('spacedock'),
  ACCESS: z.enum(['accounts', 'open']).default('accounts'),
  ADMIN_PASSWORD: optional.refine(
    (text) => text === null || (text.length >= MIN_PASSWORD && text.length <= MAX_PASSWORD),
    `must have ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
  ),
  SESSION_DAYS: number().positive().max(3650).default(30),
  OIDC_ISSUER: optional,
  OIDC_AUDIENCE: optional,
  JWKS_URL: url(['http:', 'https:']),
  OIDC_CLIENT_ID: optional,
  OIDC_CLIENT_SECRET: optional,
  OIDC_SCOPE: z
    .string()
    .regex(/(^| )openid( |$)/, 'must have "openid" among its words')
    .default('openid profile email'),
  OIDC_NAME_CLAIM: optional,
  OIDC_ADMIN_CLAIM: optional.refine(
    (text) => text === null || /^[^=]+=./s.test(text),
    'must be a claim and the value that makes an administrator, like groups=spacedock-admins',
  ),
  ALLOWED_ORIGINS: optional,
  TRUST_PROXY: optional,
  INTROSPECTION: onOff(true),
  GRAPHIQL: onOff(true),
  PERSISTED_OPERATIONS: optional,
  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  KEEPALIVE_SECONDS: seconds(5),
  RECONNECT_GRACE_SECONDS: seconds(15),
  APP_SILENCE_SECONDS: seconds(60),
  TRACKED_SECONDS: seconds(3600),
  DRAIN_SECONDS: seconds(30),
  MAX_BODY_BYTES: bytes(32 * MIB),
  MAX_MESSAGE_BYTES: bytes(4 * MIB),
  MAX_OPERATIONS_PER_SOCKET: count(1000),
  MAX_SOCKETS_PER_ADDRESS: count(1000),
  MAX_SOCKETS_PER_VIEWER: count(200),
  MAX_OPERATIONS_PER_SECOND: rate(2000),
  MAX_VISITOR_OPERATIONS_PER_SECOND: rate(200),
  MAX_SIGN_IN_FAILURES_PER_NAME: count(10),
  MAX_SIGN_IN_FAILURES_PER_ADDRESS: count(50),
  MAX_SUBMITS_PER_MINUTE: rate(600),
  MAX_VISITOR_SUBMITS_PER_MINUTE: rate(60),
  MAX_BUFFERED_BYTES: bytes(16 * MIB),
  MAX_PROMPT_BYTES: bytes(256 * KIB),
  MAX_PARAMETERS_BYTES: bytes(64 * KIB),
  MAX_RESULT_BYTES: bytes(MIB),
  MAX_OUTPUT_BYTES: bytes(64 * MIB),
  MAX_FILE_BYTES: bytes(1024 * MIB),
  MAX_QUERY_TOKENS: count(2000),
  MAX_QUERY_DEPTH: count(12),
  MAX_QUERY_ALIASES: count(30),
  MAX_QUERY_DIRECTIVES: count(50),
  MAX_QUERY_COST: count(25_000),
  MAX_QUEUED_PER_VIEWER: whole().positive().optional(),
  AUDIT_DAYS: whole().min(0).max(3650).default(90),
  MAX_UPLOADS_PER_VIEWER: count(1000),
  MAX_UPLOADS_BYTES_PER_VIEWER: bytes(2048 * MIB),
  MAX_STORAGE_BYTES: whole().positive().optional(),
  MIN_FREE_BYTES: whole()
    .min(0)
    .default(256 * MIB),
});

type Environment = z.infer<typeof environment>;

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

/** The configuration of one server, frozen; a bad value is refused with the name of its variable. */
export function readConfig(env: Record<string, string | undefined>): Config {
  const read = environment.safeParse(Object.fromEntries(Object.entries(env).filter(([, value]) => value !== '')));
  if (!read.success) {
    const problems = read.error.issues.map((issue) => {
      const name = issue.path.join('.');
      return `${name}: ${issue.message} (it is ${JSON.stringify(shown(name, env[name]))})`;
    });
    throw new ConfigError(problems.join('\n'));
  }
  const e = read.data;
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
    allowedOrigins: origins(e.ALLOWED_ORIGINS),
    trustProxy: proxies(e.TRUST_PROXY),
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
      storage: e.MAX_STORAGE_BYTES ?? null,
      minFree: e.MIN_FREE_BYTES,
    },
  };
  if (config.access === 'open' && !isLoopback(config.host)) {
    throw new ConfigError(
      `ACCESS: "open" makes everybody an administrator, and is only for a server on this machine (HOST is ${JSON.stringify(config.host)})`,
    );
  }
  Object.freeze(config.limits);
  return Object.freeze(config);
}

const HIDDEN = new Set(['ADMIN_PASSWORD', 'REDIS_URL', 'OIDC_CLIENT_SECRET']);

/** A refused value may be shown, unless it is one that holds a password. */
const shown = (name: string, value: string | undefined): string | undefined => (HIDDEN.has(name) ? '…' : value);

function origins(list: string | null): string[] | null {
  if (list === null) return null;
  return list.split(',').map((item) => {
    const text = item.trim();
    if (text === '*') return text;
    if (!URL.canParse(text)) throw new ConfigError(`ALLOWED_ORIGINS: "${text}" is no origin like https://example.org`);
    return new URL(text).origin;
  });
}

/** Names that proxy-addr knows of networks that are not on the internet. */
const NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

/** Not a number of proxies: who can reach the server past them would then say of himself whatever he likes. */
function proxies(list: string | null): string[] | null {
  if (list === null) return null;
  return list.split(',').map((item) => {
    const text = item.trim();
    if (NETWORKS.includes(text) || isNetwork(text)) return text;
    const such = 'an address, a network like 10.0.0.0/8, or one of loopback, linklocal, uniquelocal';
    throw new ConfigError(`TRUST_PROXY: "${text}" is not ${such}`);
  });
}

function isNetwork(text: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(text) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || (Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128)));
}
