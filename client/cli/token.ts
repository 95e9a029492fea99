import { type Command, Option } from 'commander';
import {
  type CreateTokenInput,
  createTokenMutation,
  revokeTokenMutation,
  type TokenFragment,
  tokensQuery,
} from '../sdk/index.ts';
import { atUrl } from './caller.ts';
import { commaList, type ServerOptions, talksToServer, wholeNumber, withConnection } from './options.ts';
import { Problem } from './problem.ts';
import { oneLine, paint, printJson, table } from './style.ts';

interface TokenOptions extends ServerOptions {
  spaces?: string[];
  reporter?: boolean;
  prefix?: string;
  admin?: boolean;
  days?: number;
  json?: boolean;
}

const HELP = `
With --spaces it is for an app, which may serve these and nothing else; with --reporter for a program that reports on tracked jobs;
with neither for a script, which acts as you, with a user's rights (with --admin an administrator's). Administrators make any, others those of their scripts. The secret is printed on stdout,
and never shown again; how to use it is said on stderr.

  spacedock token create --spaces ocr,words
  spacedock token create backup --reporter --prefix backup- --days 90
  TOKEN=$(spacedock token create ci)`;

export function addTokenCommands(program: Command): void {
  const token = program.command('token').description('make, list and revoke the tokens that programs sign in with');

  talksToServer(token.command('create').argument('[name]', 'to tell it from others'))
    .description('make a token for an app, a reporter or a script of yours')
    .addOption(
      new Option('--spaces <ids>', 'for an app: the spaces that it may serve')
        .argParser(commaList)
        .conflicts(['reporter', 'prefix', 'admin']),
    )
    .option('--reporter', 'for a program that reports on tracked jobs')
    .addOption(
      new Option('--prefix <text>', 'what the ids of its jobs must begin with (implies --reporter)').implies({
        reporter: true,
      }),
    )
    .addOption(new Option('--admin', 'for a script that administers, as you do').conflicts('reporter'))
    .option('--days <n>', 'for how long; else until it is revoked', wholeNumber(1, 3650))
    .option('--json', 'the token and its secret, as JSON')
    .addHelpText('after', HELP)
    .action(create);

  talksToServer(token.command('list'))
    .description('list your tokens, or all for an administrator')
    .option('--json', 'everything, as JSON')
    .action(async (options: TokenOptions) => {
      const { tokens } = await withConnection(options, (server) => server.request(tokensQuery, {}));
      if (options.json) return printJson(tokens);
      if (tokens.length === 0) process.stderr.write('No tokens yet. Make one with: spacedock token create\n');
      else process.stdout.write(`${table(['ID', 'NAME', 'FOR', 'OWNER', 'LAST USED', 'ENDS'], tokens.map(row))}\n`);
    });

  talksToServer(token.command('revoke').argument('<id>', 'as token list shows it'))
    .description('end a token, and within a second all that is connected with it')
    .action(async (id: string, options: ServerOptions) => {
      const { revokeToken } = await withConnection(options, (server) => server.request(revokeTokenMutation, { id }));
      if (!revokeToken) throw new Problem(`You have no token ${id}.`, { hint: 'List them with: spacedock token list' });
      process.stderr.write(`Revoked ${id}.\n`);
    });
}

async function create(name: string | undefined, options: TokenOptions): Promise<void> {
  const { createToken } = await withConnection(options, (server) =>
    server.request(createTokenMutation, { input: wish(name, options) }),
  );
  if (options.json) return printJson({ ...createToken.token, secret: createToken.secret });
  process.stdout.write(`${createToken.secret}\n`);
  // Shown where it is shown anyway, and nowhere else.
  const secret = process.stdout.isTTY ? createToken.secret : 'SECRET';
  process.stderr.write(`${howToUse(createToken.token, secret, options.url)}\n`);
}

function wish(name: string | undefined, { spaces, reporter, prefix, admin, days }: TokenOptions): CreateTokenInput {
  const limits = { expiresInDays: days };
  if (spaces) return { name: name ?? `app of ${spaces.join(', ')}`.slice(0, 64), role: 'APP', spaces, ...limits };
  if (reporter) return { name: name ?? 'reporter', role: 'REPORTER', prefix, ...limits };
  return { name: name ?? 'script', role: admin ? 'ADMIN' : 'USER', ...limits };
}

function howToUse({ id, role, spaces, prefix }: TokenFragment, secret: string, url: string): string {
  const [what, command] =
    role === 'APP'
      ? ['Start the app', `app --spaces ${spaces?.join(',')}`]
      : role === 'REPORTER'
        ? ['Report', `report ${prefix ?? ''}${prefix ? '1' : 'nightly'} --stage running`]
        : ['Come with it', 'jobs'];
  return `${paint('dim', `${what} with:`, process.stderr)}
  SPACEDOCK_TOKEN=${secret} spacedock ${command}${atUrl(url)}
${paint('dim', `It is not shown again. End it with: spacedock token revoke ${id}${atUrl(url)}`, process.stderr)}`;
}

function row({ id, name, role, owner, spaces, prefix, lastUsedAt, expiresAt }: TokenFragment): string[] {
  const purpose =
    role === 'APP'
      ? `app of ${spaces?.join(', ')}`
      : role === 'REPORTER'
        ? `reporter${prefix === null ? '' : ` of ${prefix}…`}`
        : `script${role === 'ADMIN' ? ', administers' : ''}`;
  return [id, oneLine(name), purpose, owner.name, lastUsedAt ?? 'never', expiresAt ?? ''];
}
