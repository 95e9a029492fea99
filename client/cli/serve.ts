import { extname } from 'node:path';
import { type Command, Option } from 'commander';

/** A flag for each variable of the server's configuration; the server checks the values and names a bad one. */
const SETTINGS: [flags: string, variable: string, description: string][] = [
  ['--host <address>', 'HOST', 'address to listen on'],
  ['--port <number>', 'PORT', 'port to listen on; 0: any'],
  ['--redis-url <url>', 'REDIS_URL', 'keep state in this Redis, for any number of processes (else SQLite, for one)'],
  ['--data-dir <dir>', 'DATA_DIR', 'database and files'],
  ['--files-url <url>', 'FILES_URL', 'where files are kept, file://…, if not in the data directory'],
  ['--public-url <url>', 'PUBLIC_URL', 'the address clients use, for links to files'],
  ['--key-prefix <text>', 'KEY_PREFIX', 'beginning of every key in Redis'],
  ['--access <kind>', 'ACCESS', 'accounts: people sign in; open: everybody administers, on this machine alone'],
  [
    '--admin-password <text>',
    'ADMIN_PASSWORD',
    'of the first administrator, admin, at the first start; else it is printed once',
  ],
  ['--session-days <n>', 'SESSION_DAYS', 'for which somebody who does nothing stays signed in'],
  ['--oidc-issuer <url>', 'OIDC_ISSUER', 'its tokens sign people in (their `iss`); OpenID Connect, or any with a JWKS'],
  ['--oidc-audience <text>', 'OIDC_AUDIENCE', 'what must be in the `aud` of its tokens'],
  ['--jwks-url <url>', 'JWKS_URL', 'where its keys are, if it does not say so itself'],
  ['--oidc-client-id <text>', 'OIDC_CLIENT_ID', 'what it knows this server as, for browsers to sign in there'],
  ['--oidc-client-secret <text>', 'OIDC_CLIENT_SECRET', 'the secret of that client, if it has one'],
  ['--oidc-scope <words>', 'OIDC_SCOPE', 'what browsers ask it for'],
  ['--oidc-name-claim <claim>', 'OIDC_NAME_CLAIM', 'the claim that people are called by, before the usual ones'],
  ['--oidc-admin-claim <claim=value>', 'OIDC_ADMIN_CLAIM', 'what makes an administrator, like groups=admins'],
  ['--allowed-origins <list>', 'ALLOWED_ORIGINS', 'web origins that may call, separated by commas; *: any'],
  [
    '--trust-proxy <list>',
    'TRUST_PROXY',
    'addresses or networks of proxies whose X-Forwarded-* is believed; loopback, uniquelocal',
  ],
  ['--introspection <on|off>', 'INTROSPECTION', 'whether clients may ask for the schema'],
  ['--graphiql <on|off>', 'GRAPHIQL', 'whether /graphql is a page to try the API in'],
  ['--persisted-operations <file>', 'PERSISTED_OPERATIONS', 'JSON file of the only documents that are run, by SHA-256'],
  ['--log-level <level>', 'LOG_LEVEL', 'trace, debug, info, warn, error, fatal or silent'],
  ['--keepalive-seconds <n>', 'KEEPALIVE_SECONDS', 'between two signs of life on a WebSocket'],
  ['--reconnect-grace-seconds <n>', 'RECONNECT_GRACE_SECONDS', 'in which an app may come back to its jobs'],
  ['--app-silence-seconds <n>', 'APP_SILENCE_SECONDS', 'for which an app that works may be silent'],
  ['--tracked-seconds <n>', 'TRACKED_SECONDS', 'for which a tracked job may be silent'],
  ['--drain-seconds <n>', 'DRAIN_SECONDS', 'to finish what is under way before the server leaves'],
  ['--max-body-bytes <n>', 'MAX_BODY_BYTES', 'largest body of a GraphQL request over HTTP'],
  ['--max-message-bytes <n>', 'MAX_MESSAGE_BYTES', 'largest message over a WebSocket'],
  ['--max-operations-per-socket <n>', 'MAX_OPERATIONS_PER_SOCKET', 'most operations at a time on one WebSocket'],
  [
    '--max-sockets-per-address <n>',
    'MAX_SOCKETS_PER_ADDRESS',
    'most WebSockets and streams of events of one client address',
  ],
  ['--max-sockets-per-viewer <n>', 'MAX_SOCKETS_PER_VIEWER', 'most WebSockets of one token or session'],
  ['--max-operations-per-second <n>', 'MAX_OPERATIONS_PER_SECOND', 'operations a second of one token or session'],
  [
    '--max-visitor-operations-per-second <n>',
    'MAX_VISITOR_OPERATIONS_PER_SECOND',
    'operations a second of all visitors of one address',
  ],
  [
    '--max-sign-in-failures-per-name <n>',
    'MAX_SIGN_IN_FAILURES_PER_NAME',
    'wrong passwords for one name within 15 minutes',
  ],
  [
    '--max-sign-in-failures-per-address <n>',
    'MAX_SIGN_IN_FAILURES_PER_ADDRESS',
    'wrong passwords from one address within 15 minutes',
  ],
  ['--max-submits-per-minute <n>', 'MAX_SUBMITS_PER_MINUTE', 'submits a minute of one user to one space'],
  [
    '--max-visitor-submits-per-minute <n>',
    'MAX_VISITOR_SUBMITS_PER_MINUTE',
    'submits a minute of all visitors of one address to one space',
  ],
  ['--max-buffered-bytes <n>', 'MAX_BUFFERED_BYTES', 'unsent bytes at which a slow WebSocket is closed'],
  ['--max-prompt-bytes <n>', 'MAX_PROMPT_BYTES', 'largest prompt'],
  ['--max-parameters-bytes <n>', 'MAX_PARAMETERS_BYTES', 'largest parameters of a job'],
  ['--max-result-bytes <n>', 'MAX_RESULT_BYTES', 'largest result, beside its files'],
  ['--max-output-bytes <n>', 'MAX_OUTPUT_BYTES', 'most streamed output of an attempt'],
  ['--max-file-bytes <n>', 'MAX_FILE_BYTES', 'largest file, whatever a space allows'],
  ['--max-query-tokens <n>', 'MAX_QUERY_TOKENS', 'most names, values and signs in a GraphQL document'],
  ['--max-query-depth <n>', 'MAX_QUERY_DEPTH', 'most levels of fields in an operation'],
  ['--max-query-aliases <n>', 'MAX_QUERY_ALIASES', 'most aliases in an operation'],
  ['--max-query-directives <n>', 'MAX_QUERY_DIRECTIVES', 'most directives in an operation'],
  ['--max-query-cost <n>', 'MAX_QUERY_COST', 'most values that an operation may ask for'],
  ['--max-queued-per-viewer <n>', 'MAX_QUEUED_PER_VIEWER', 'most jobs of one submitter that wait in a space'],
  ['--audit-days <n>', 'AUDIT_DAYS', 'how long the audit log keeps an entry; 0: nothing is recorded'],
  ['--max-uploads-per-viewer <n>', 'MAX_UPLOADS_PER_VIEWER', 'most uploads of one viewer that no job has taken'],
  ['--max-uploads-bytes-per-viewer <n>', 'MAX_UPLOADS_BYTES_PER_VIEWER', 'what these may take together'],
  ['--max-storage-bytes <n>', 'MAX_STORAGE_BYTES', 'what all files may take, if not what the disk has'],
  ['--min-free-bytes <n>', 'MIN_FREE_BYTES', 'what uploads leave free of the disk; 0: nothing'],
];

export function addServeCommand(program: Command): void {
  const serve = program
    .command('serve')
    .description('run the server')
    .addHelpText('after', '\nEach option can also be given as the environment variable named beside it.');
  for (const [flags, variable, description] of SETTINGS) serve.addOption(new Option(flags, description).env(variable));

  serve.action(async () => {
    for (const option of serve.options) {
      const value = serve.getOptionValue(option.attributeName());
      if (option.envVar !== undefined && value !== undefined) process.env[option.envVar] = String(value);
    }
    // The one bridge from client to server: src/main starts on import and handles signals and drain itself.
    await import(new URL(`../../src/main${extname(import.meta.filename)}`, import.meta.url).href);
  });
}
