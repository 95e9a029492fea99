import { Argument, type Command } from 'commander';
import {
  changePasswordMutation,
  createUserMutation,
  disableUserMutation,
  enableUserMutation,
  errorCode,
  resetPasswordMutation,
  setUserRoleMutation,
  type UserFragment,
  usersQuery,
  viewerQuery,
} from '../sdk/index.ts';
import { askSecret, linesOfStdin, newPassword } from './ask.ts';
import { atUrl, callerOf } from './caller.ts';
import { type ServerOptions, talksToServer, withConnection } from './options.ts';
import { Problem } from './problem.ts';
import { printJson, table } from './style.ts';

interface UserOptions extends ServerOptions {
  admin?: boolean;
  passwordStdin?: boolean;
  json?: boolean;
}

const OWN_STDIN =
  'Give the present password and the new one on stdin, a line each, and say so with --password-stdin. Of somebody else the new one will do: name them.';
const PASSWORD_STDIN = 'read the password from stdin instead of asking for it';

export function addUserCommands(program: Command): void {
  const user = program.command('user').description('the people who can sign in');

  talksToServer(user.command('add').argument('<name>', 'what they sign in with'))
    .description('add somebody; asks for a password')
    .option('--admin', 'an administrator')
    .option('--password-stdin', PASSWORD_STDIN)
    .option('--json', 'print the user as JSON')
    .action(async (name: string, options: UserOptions) => {
      const password = await newPassword(options.passwordStdin, `of ${name}`);
      const input = { name, password, role: options.admin ? ('ADMIN' as const) : ('USER' as const) };
      const { createUser } = await withConnection(options, (server) => server.request(createUserMutation, { input }));
      if (options.json) return printJson(createUser);
      process.stdout.write(`${createUser.name}\n`);
      process.stderr.write(`They sign in with: spacedock login --name ${createUser.name}${atUrl(options.url)}\n`);
    });

  talksToServer(user.command('list'))
    .description('list who can sign in')
    .option('--json', 'everything, as JSON')
    .action(async (options: UserOptions) => {
      const { users } = await withConnection(options, (server) => server.request(usersQuery, {}));
      if (options.json) return printJson(users);
      process.stdout.write(`${table(['NAME', 'ROLE', 'SIGNS IN', 'SINCE'], users.map(row))}\n`);
    });

  onUser(user, 'disable', 'take somebody the right to sign in; their sessions, scripts and connections end').action(
    async (name: string, options: UserOptions) => {
      await withConnection(options, (server) => server.request(disableUserMutation, { name }));
      process.stderr.write(`${name} cannot sign in any more.\n`);
    },
  );

  onUser(user, 'enable', 'give it back').action(async (name: string, options: UserOptions) => {
    await withConnection(options, (server) => server.request(enableUserMutation, { name }));
    process.stderr.write(`${name} can sign in again.\n`);
  });

  onUser(user, 'role', 'make somebody an administrator, or no more one')
    .addArgument(new Argument('<role>', 'what they are from now on').choices(['user', 'admin']))
    .action(async (name: string, role: string, options: UserOptions) => {
      const wanted = role === 'admin' ? 'ADMIN' : 'USER';
      await withConnection(options, (server) => server.request(setUserRoleMutation, { name, role: wanted }));
      process.stderr.write(`${name} is ${role === 'admin' ? 'an administrator' : 'a user'} now.\n`);
    });

  talksToServer(user.command('password').argument('[name]', 'somebody else, for an administrator; default: you'))
    .description('change your password, or give somebody another one; ends the sessions of before')
    .option(
      '--password-stdin',
      'read the password from stdin; for your own the present one, then the new one, a line each',
    )
    .action(async (name: string | undefined, options: UserOptions) => {
      const own = name === undefined || (await isOwn(name, options));
      await (own ? changeOwn(options) : reset(name, options));
      process.stderr.write(`Changed ${own ? 'your password' : `the password of ${name}`}.\n`);
    });
}

function onUser(user: Command, verb: string, description: string): Command {
  return talksToServer(user.command(verb).argument('<name>', 'who')).description(description);
}

/** Whether a session has this name: to give somebody another password ends theirs, and would end the command's own. */
async function isOwn(name: string, options: UserOptions): Promise<boolean> {
  const caller = callerOf(options);
  const isSession = caller.from === 'session' || (caller.from !== 'visitor' && caller.token.startsWith('sds_'));
  if (!isSession) return false;
  const { viewer } = await withConnection(options, (server) => server.request(viewerQuery, {}));
  return viewer.name.normalize('NFKC').toLowerCase() === name.normalize('NFKC').trim().toLowerCase();
}

async function reset(name: string, options: UserOptions): Promise<void> {
  const password = await newPassword(options.passwordStdin, `of ${name}`);
  await withConnection(options, (server) => server.request(resetPasswordMutation, { name, new: password }));
}

async function changeOwn(options: UserOptions): Promise<void> {
  const [current = '', password = ''] = options.passwordStdin
    ? await linesOfStdin(2, 'the present password and the new one, a line each,')
    : [await askSecret('Your present password: ', OWN_STDIN), await newPassword(false, 'for you')];
  await withConnection(options, (server) => server.request(changePasswordMutation, { current, new: password })).catch(
    (error) => {
      // The session is fine: what was typed is not.
      if (errorCode(error) === 'UNAUTHENTICATED' && error.field === 'current')
        throw new Problem('The present password is not right.');
      throw error;
    },
  );
}

function row({ name, role, enabled, issuer, createdAt }: UserFragment): string[] {
  return [name, role, enabled ? (issuer ?? 'with a password') : 'disabled', createdAt];
}
