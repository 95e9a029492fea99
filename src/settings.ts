import { isIP } from 'node:net';
import { MAX_PASSWORD, MIN_PASSWORD } from './domain/account.ts';
import {
  bytes,
  choice,
  count,
  days,
  list,
  onOff,
  optional,
  optionalBytes,
  optionalCount,
  rate,
  type Setting,
  seconds,
  secret,
  text,
  url,
  whole,
} from './setting.ts';

// Every environment variable that the server reads, by subject: what it takes, what holds without it, and what it does. What stands
// here is what `spacedock serve --help`, docs/reference/configuration.md (`npm run docs`) and the refusals say.

const KIB = 1024;
const MIB = 1024 * KIB;
const GIB = 1024 * MIB;

const addresses = {
  HOST: text('127.0.0.1', 'Where to listen: an address of this machine, or `0.0.0.0` for all of them.', {
    takes: 'address',
    must: 'an address or a name of this machine',
  }),
  PORT: whole(4000, { min: 0, max: 65_535 }, 'The port to listen on; `0` takes any that is free.'),
  PUBLIC_URL: url(
    ['http:', 'https:'],
    '',
    'The address that people use, if a proxy stands before the server. Links to files begin with it, and with `https:` browsers are told to come by https from then on.',
  ),
  ALLOWED_ORIGINS: list(
    'the own origin, on loopback also any localhost',
    'Origins of the pages that may use the API. With `*` all pages may, but no cookie signs anybody in there.',
    'origins like https://example.org or * for any',
    (item) => (item === '*' ? item : originOf(item)),
  ),
  TRUST_PROXY: list(
    'nobody',
    'The proxies in front, whose `X-Forwarded-For` and `X-Forwarded-Proto` are believed. Without it all that comes through a proxy counts as one address.',
    'addresses, networks like 10.0.0.0/8, or the words loopback, linklocal and uniquelocal',
    (item) => (NETWORKS.includes(item) || isNetwork(item) ? item : undefined),
  ),
};

const storage = {
  REDIS_URL: secret(
    url(
      ['redis:', 'rediss:'],
      'SQLite in DATA_DIR, for one process',
      'Keeps the state in this Redis, for any number of processes: `redis://[:password@]host[:port][/database]`.',
    ),
  ),
  KEY_PREFIX: text('spacedock', 'What all keys and channels in Redis begin with.', {
    must: '1 to 64 of the characters A-Z a-z 0-9 _ : -',
    fits: (value) => /^[A-Za-z0-9_:-]{1,64}$/.test(value),
  }),
  DATA_DIR: text('./data', 'The directory of the database and of the files.', { takes: 'directory', must: 'a path' }),
  FILES_URL: url(
    ['file:'],
    'files in DATA_DIR',
    'The directory of the files, as a `file:` URL. Processes that share a Redis share it, too.',
  ),
  MAX_STORAGE_BYTES: optionalBytes('what the disk has', 'Most that all files together may take.'),
  MIN_FREE_BYTES: whole(
    256 * MIB,
    { of: 'bytes', min: 0 },
    'What uploads leave free of the disk that the files are on.',
  ),
};

const signIn = {
  ACCESS: choice(
    ['accounts', 'open'],
    'accounts',
    'With `accounts` people sign in. With `open` nobody does, and everybody who reaches the server administers it: for your own machine, and refused where HOST or PUBLIC_URL is not loopback, and with TRUST_PROXY.',
  ),
  ADMIN_PASSWORD: secret(
    optional(
      'a random one, printed once',
      'The password of the first administrator, `admin`. It is read when that account is made, at the first start, and never again.',
      {
        must: `text of ${MIN_PASSWORD} to ${MAX_PASSWORD} characters`,
        fits: (value) => value.length >= MIN_PASSWORD && value.length <= MAX_PASSWORD,
      },
    ),
  ),
  SESSION_DAYS: days(30, 'After so many days in which it is not used a session ends.'),
  MAX_SIGN_IN_FAILURES_PER_NAME: count(
    10,
    'Wrong passwords for one name within 15 minutes, at all processes together; then nobody signs in by that name until they are over.',
  ),
  MAX_SIGN_IN_FAILURES_PER_ADDRESS: count(
    50,
    'Wrong passwords from one address within 15 minutes, at all processes together; then nobody signs in from there until they are over.',
  ),
};

const issuer = {
  OIDC_ISSUER: optional(
    'passwords alone',
    'The issuer whose tokens sign people in, letter by letter as their `iss` says it.',
    { takes: 'issuer', must: 'the URL of an issuer that speaks OpenID Connect Discovery, or with JWKS_URL any text' },
  ),
  OIDC_AUDIENCE: optional(
    '',
    'What the `aud` of a token must name, so that it is meant for this server. Required with OIDC_ISSUER.',
  ),
  JWKS_URL: url(
    ['http:', 'https:'],
    'as the issuer says',
    'Where the keys of the issuer are, if it does not speak OpenID Connect Discovery.',
  ),
  OIDC_CLIENT_ID: optional(
    '',
    'What the issuer knows this server as. With it browsers sign in there, too, by `/login/oidc`; PUBLIC_URL is required.',
  ),
  OIDC_CLIENT_SECRET: secret(optional('a public client', 'The secret of that client, if it has one.')),
  OIDC_SCOPE: text('openid profile email', 'What browsers ask the issuer for.', {
    takes: 'words',
    must: 'words separated by spaces, openid among them',
    fits: (value) => /(^| )openid( |$)/.test(value),
  }),
  OIDC_NAME_CLAIM: optional(
    '',
    'The claim that people are called by. Where it gives no name, and without it: `preferred_username`, else `email`, else `sub`.',
    { takes: 'claim', must: 'the name of a claim; a dot leads into an object' },
  ),
  OIDC_ADMIN_CLAIM: optional('nobody by a claim', 'The claim and its value that make an administrator.', {
    takes: 'claim=value',
    must: 'a claim and a value, like groups=spacedock-admins',
    fits: (value) => /^[^=]+=./s.test(value),
  }),
};

const api = {
  INTROSPECTION: onOff(true, 'Whether clients may ask the API for its schema.'),
  GRAPHIQL: onOff(true, 'Whether `/graphql` is a page to try the API in, for browsers.'),
  PERSISTED_OPERATIONS: optional(
    'all are run',
    'A JSON file of the only GraphQL documents that are run, by their SHA-256, as graphql-codegen writes it.',
    { takes: 'file', must: 'the path of a file' },
  ),
  MAX_QUERY_TOKENS: count(2000, 'Most names, values and signs in one GraphQL document.'),
  MAX_QUERY_DEPTH: count(12, 'Most levels of fields within fields in one operation.'),
  MAX_QUERY_ALIASES: count(30, 'Most aliases in one operation.'),
  MAX_QUERY_DIRECTIVES: count(50, 'Most directives in one operation.'),
  MAX_QUERY_COST: count(
    25_000,
    'Most values that an operation may ask for. Each field counts once for every entry of the lists it is in: `first` of a page (100 if it is a variable), 5 of another list.',
  ),
};

const records = {
  LOG_LEVEL: choice(
    ['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent'],
    'info',
    'How much the server logs, to stderr: what is at least so important.',
  ),
  AUDIT_DAYS: whole(
    90,
    { of: 'days', min: 0, max: 3650 },
    'How long the audit log keeps an entry. With `0` nothing is recorded.',
  ),
};

const timing = {
  KEEPALIVE_SECONDS: seconds(5, 'The time between two signs of life on every connection.'),
  RECONNECT_GRACE_SECONDS: seconds(15, 'How long a lost app may come back to its jobs before they go to another.'),
  APP_SILENCE_SECONDS: seconds(
    60,
    'How long an app that holds jobs may be silent: model code often blocks its event loop.',
  ),
  TRACKED_SECONDS: seconds(
    3600,
    'How long a tracked job may be silent before it times out, if its reporter does not say; and how long it is kept after its end.',
  ),
  DRAIN_SECONDS: seconds(30, 'How long what is under way may take when the server is asked to stop (SIGTERM, Ctrl-C).'),
};

const jobs = {
  MAX_PROMPT_BYTES: bytes(256 * KIB, 'Largest prompt of a job.'),
  MAX_PARAMETERS_BYTES: bytes(64 * KIB, 'Largest parameters of a job, as JSON.'),
  MAX_RESULT_BYTES: bytes(MIB, 'Largest result of a job, as JSON, beside its files.'),
  MAX_OUTPUT_BYTES: bytes(64 * MIB, 'Most streamed output of one attempt at a job.'),
  MAX_QUEUED_PER_VIEWER: optionalCount(
    '100, or any number where ACCESS is open',
    'Most jobs of one submitter that wait in one space. A space has a limit for all submitters of its own, `maxQueued`.',
  ),
  MAX_FILE_BYTES: bytes(GIB, 'Largest file, whatever a space allows.'),
  MAX_UPLOADS_PER_VIEWER: count(1000, 'Most uploads of one viewer that no job has taken. They go after an hour.'),
  MAX_UPLOADS_BYTES_PER_VIEWER: bytes(
    2 * GIB,
    'What the uploads of one viewer that no job has taken may take together.',
  ),
};

const traffic = {
  MAX_BODY_BYTES: bytes(32 * MIB, 'Largest body of a request to the API over HTTP. Larger files go to `POST /files`.'),
  MAX_MESSAGE_BYTES: bytes(4 * MIB, 'Largest message of a client over a WebSocket.'),
  MAX_OPERATIONS_PER_SOCKET: count(1000, 'Most operations at a time on one WebSocket.'),
  MAX_BUFFERED_BYTES: bytes(
    16 * MIB,
    'What may wait unsent for one WebSocket; a client that reads more slowly than that is cut off.',
  ),
  MAX_SOCKETS_PER_ADDRESS: count(
    1000,
    'Most WebSockets and streams of events at a time from one client address (IPv6: from one /64), at each process.',
  ),
  MAX_SOCKETS_PER_VIEWER: count(200, 'Most WebSockets at a time of one token or session, at each process.'),
  MAX_OPERATIONS_PER_SECOND: rate(
    2000,
    'Operations a second of one token or session, at each process; after a pause twice as many at once.',
  ),
  MAX_VISITOR_OPERATIONS_PER_SECOND: rate(
    200,
    'Operations a second of all visitors of one address together, at each process; after a pause twice as many at once.',
  ),
  MAX_SUBMITS_PER_MINUTE: rate(
    600,
    'Submits a minute of one token or session to one space, at each process. Administrators are not counted.',
  ),
  MAX_VISITOR_SUBMITS_PER_MINUTE: rate(
    60,
    'Submits a minute of all visitors of one address together to one space, at each process.',
  ),
};

export const SETTINGS = {
  ...addresses,
  ...storage,
  ...signIn,
  ...issuer,
  ...api,
  ...records,
  ...timing,
  ...jobs,
  ...traffic,
};

/** The settings by what they are about, in the order in which people are told of them. */
export const SUBJECTS: Readonly<Record<string, Readonly<Record<string, Setting<unknown>>>>> = {
  'Addresses and origins': addresses,
  Storage: storage,
  'Signing in': signIn,
  'Signing in through an issuer': issuer,
  'The GraphQL API': api,
  'Log and audit': records,
  Timing: timing,
  'Limits of jobs and files': jobs,
  'Limits of connections and requests': traffic,
};

/** Undefined: it is no URL, or one of a kind that has no origin. */
function originOf(item: string): string | undefined {
  const origin = URL.parse(item)?.origin;
  return origin === 'null' ? undefined : origin;
}

/** What proxy-addr calls networks that are not on the internet. */
const NETWORKS = ['loopback', 'linklocal', 'uniquelocal'];

/** Not a number of proxies: who can reach the server past them would then say of himself whatever he likes. */
function isNetwork(item: string): boolean {
  const [, address = '', bits] = /^([^/]*)(?:\/(\d{1,3}))?$/.exec(item) ?? [];
  const family = isIP(address);
  return family !== 0 && (bits === undefined || (Number(bits) > 0 && Number(bits) <= (family === 4 ? 32 : 128)));
}
