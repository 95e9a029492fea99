import type { Command } from 'commander';
import { parseAddress } from '../sdk/address.ts';
import { createCredentials } from '../sdk/credentials.ts';
import { type Ask, createHttp } from '../sdk/http.ts';
import {
  errorCode,
  loginMutation,
  logoutMutation,
  SpacedockError,
  startSessionMutation,
  type ViewerFragment,
  viewerQuery,
} from '../sdk/index.ts';
import { ask, askSecret, linesOfStdin } from './ask.ts';
import { atUrl, type Caller, callerOf } from './caller.ts';
import { credentialsFile, keepSession, keptSession } from './credentials.ts';
import { type ServerOptions, talksToServer, urlOption } from './options.ts';
import { EXIT, Problem } from './problem.ts';
import { paint, printJson } from './style.ts';

interface LoginOptions {
  url: string;
  name?: string;
  passwordStdin?: boolean;
}

const WITHOUT_TERMINAL = 'Give the name with --name, and the password on stdin with --password-stdin.';
const LOOPBACK = /^(localhost|127\.[\d.]+|\[::1\])$/;

export function addLoginCommands(program: Command): void {
  program
    .command('login')
    .description('sign in to a server: what you run here from now on is done as you')
    .addOption(urlOption())
    .option('--name <name>', 'who you are; else it is asked for')
    .option('--password-stdin', 'read the password from stdin instead of asking for it')
    .addHelpText(
      'after',
      `
The session is kept for this user in ${credentialsFile()}, for each server its own; it ends with logout, or when it is not
used for the server's SESSION_DAYS. Programs sign in with a token instead: spacedock token create.`,
    )
    .action(login);

  program.command('logout').description('end the session at a server').addOption(urlOption()).action(logout);

  talksToServer(program.command('whoami'))
    .description('show as whom commands talk to a server, and why')
    .option('--json', 'as JSON')
    .action(whoAmI);
}

/** Asks a server over HTTP: nothing is kept of it. */
const askAs = (url: string, token?: string): Ask => createHttp(parseAddress(url), createCredentials(token));

async function login({ url, name: given, passwordStdin }: LoginOptions): Promise<void> {
  const { protocol, hostname } = new URL(parseAddress(url).base);
  if (protocol === 'http:' && !LOOPBACK.test(hostname)) {
    process.stderr.write(
      `${paint('yellow', `The line to ${url} is not encrypted: others may read the password.`, process.stderr)}\n`,
    );
  }
  const name = given ?? (await ask('Name: ', WITHOUT_TERMINAL));
  const password = passwordStdin
    ? ((await linesOfStdin(1, 'the password as one line'))[0] as string)
    : await askSecret(`Password of ${name} at ${url}: `, WITHOUT_TERMINAL);
  const { login: session } = await askAs(url)(loginMutation, { name, password }).catch((error) => {
    throw errorCode(error) === 'UNAUTHENTICATED' ? wrongPassword(error as Error, url) : error;
  });
  const before = keptSession(url);
  keepSession(url, { token: session.token, name: session.viewer.name });
  if (before) await endSession(url, before.token).catch(() => {});
  process.stderr.write(`Signed in to ${url} as ${session.viewer.name} (${session.viewer.role}).\n`);
}

/** The name is not repeated as part of a command: it may be anything. */
const wrongPassword = ({ message }: Error, url: string): Problem =>
  new Problem(message, {
    hint: `Try again. Who has forgotten it is given another by an administrator: spacedock user password NAME${atUrl(url)}
The first administrator is admin; the server's first start printed the password, unless ADMIN_PASSWORD gave it.`,
  });

/** One that the server does not know any more has ended. */
async function endSession(url: string, token: string): Promise<void> {
  await askAs(url, token)(logoutMutation, {}).catch((error) => {
    if (errorCode(error) !== 'UNAUTHENTICATED') throw error;
  });
}

async function logout({ url }: { url: string }): Promise<void> {
  const session = keptSession(url);
  if (!session) {
    process.stderr.write(`Nobody was signed in to ${url}.\n`);
    return;
  }
  keepSession(url, undefined);
  try {
    await endSession(url, session.token);
  } catch (error) {
    throw new Problem(`Signed out here, but the server did not hear of it: ${(error as Error).message}`, {
      hint: 'Its session ends there when it has not been used for some time, or with the password: spacedock user password',
      exitCode: EXIT.unreachable,
    });
  }
  process.stderr.write(`Signed out of ${url}.\n`);
}

async function whoAmI(options: ServerOptions & { json?: boolean }): Promise<void> {
  const caller = callerOf(options);
  const viewer = await viewerOf(caller);
  if (options.json) return printJson({ ...viewer, url: options.url, from: caller.from });
  process.stdout.write(`${viewer.name} (${viewer.role})\n`);
  process.stderr.write(`${paint('dim', reason(caller, viewer), process.stderr)}\n`);
}

async function viewerOf(caller: Caller): Promise<ViewerFragment> {
  const token = caller.from === 'visitor' ? caller.visitor.read() : caller.token;
  try {
    return (await askAs(caller.url, token)(viewerQuery, {})).viewer;
  } catch (error) {
    // Of a server that began anew nobody is left.
    if (caller.from !== 'visitor' || token === undefined || errorCode(error) !== 'UNAUTHENTICATED') throw error;
    caller.visitor.write(undefined);
    return viewerOf(caller);
  }
}

function reason({ from, url }: Caller, { role }: ViewerFragment): string {
  if (from === 'session') return `signed in to ${url} with spacedock login; ${credentialsFile()}`;
  if (from !== 'visitor') return `at ${url}, by ${from}`;
  if (role === 'ANONYMOUS') return `not signed in to ${url}: sign in with spacedock login${atUrl(url)}`;
  return `access to ${url} is open: nobody need sign in`;
}

/** Who submits as a visitor for the first time is one who can be found again: before the job is there. */
export async function becomeVisitor(options: ServerOptions): Promise<void> {
  const caller = callerOf(options);
  if (caller.from !== 'visitor' || caller.visitor.read() !== undefined) return;
  const request = askAs(options.url);
  // Where access is open everybody is the same.
  if ((await request(viewerQuery, {})).viewer.role !== 'ANONYMOUS') return;
  const { startSession } = await request(startSessionMutation, {});
  caller.visitor.write(startSession.token);
}

/** Signs in, for a program that has the password. Rejects with a SpacedockError. */
export async function tokenFor(url: string, name: string, password: string): Promise<string> {
  const { login: session } = await askAs(url)(loginMutation, { name, password });
  if (session.viewer.role !== 'ADMIN') throw new SpacedockError('FORBIDDEN', `${name} is no administrator.`);
  return session.token;
}
