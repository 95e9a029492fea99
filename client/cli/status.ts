import type { Command } from 'commander';
import {
  type Connection,
  type SpaceConnectionFragment,
  spaceConnectionSubscription,
  spaceQuery,
  spacesQuery,
} from '../sdk/index.ts';
import { tellConnection } from './notices.ts';
import { type ServerOptions, talksToServer, withConnection } from './options.ts';
import { EXIT, Problem } from './problem.ts';
import { sayNoSpaces } from './space.ts';
import { oneLine, paint, printJson, table } from './style.ts';

interface StatusOptions extends ServerOptions {
  watch?: boolean;
  json?: boolean;
}

export function addStatusCommand(program: Command): void {
  talksToServer(program.command('status').argument('[space]', 'one space instead of all'))
    .description('show whether the apps of spaces are connected, and how loaded they are')
    .option('--watch', 'go on showing every change, until Ctrl-C')
    .option('--json', 'as JSON; with --watch one line for each change')
    .action(async (space: string | undefined, options: StatusOptions) => {
      if (options.watch && space === undefined)
        throw new Problem('--watch follows one space.', { hint: 'spacedock status SPACE --watch' });
      await withConnection(options, async (server) => {
        const states = await readStates(server, space);
        if (space !== undefined && options.watch) return watchState(server, space, options.json);
        if (options.json) return printJson(space === undefined ? states : states[0]);
        if (states.length === 0) return sayNoSpaces();
        process.stdout.write(`${states.map(spaceStatus).join('\n')}\n`);
      });
    });
}

async function readStates(server: Connection, space: string | undefined): Promise<SpaceConnectionFragment[]> {
  if (space === undefined) return (await server.request(spacesQuery, {})).spaces.map((each) => each.connection);
  const found = (await server.request(spaceQuery, { id: space })).space;
  if (!found) throw new Problem(`There is no space ${space}.`, { hint: 'List them with: spacedock space list' });
  return [found.connection];
}

async function watchState(server: Connection, space: string, json = false): Promise<void> {
  const stop = new AbortController();
  process.once('SIGINT', () => stop.abort());
  const endTelling = tellConnection(server, (line) => process.stderr.write(`${paint('dim', line, process.stderr)}\n`));
  try {
    for await (const { spaceConnection } of server.subscribe(
      spaceConnectionSubscription,
      { space },
      { signal: stop.signal },
    )) {
      process.stdout.write(`${json ? JSON.stringify(spaceConnection) : changeLine(spaceConnection)}\n`);
    }
  } catch (error) {
    if (!stop.signal.aborted) throw error;
    process.exitCode = EXIT.interrupted;
  } finally {
    endTelling();
  }
}

/** How people call the states of a connection. */
export const WORDS = { CONNECTED: 'connected', RECONNECTING: 'reconnecting', DISCONNECTED: 'not connected' } as const;
const COLOURS = { CONNECTED: 'green', RECONNECTING: 'yellow', DISCONNECTED: 'red' } as const;

function summary(state: SpaceConnectionFragment): string {
  const { status, apps, running, capacity, queued, lastConnectedAt } = state;
  const word = paint(COLOURS[status], WORDS[status]);
  const finishing = apps.filter(isFinishing).reduce((sum, app) => sum + app.running, 0);
  const rest = `${finishing ? `${finishing} finishing, ` : ''}${queued} queued`;
  if (status === 'DISCONNECTED') {
    if (apps.length > 0) return `${paint('yellow', 'leaving')}, takes no more, ${rest}`;
    return `${word} (${lastConnectedAt ? `last seen ${lastConnectedAt}` : 'never was'}), ${rest}`;
  }
  if (status === 'RECONNECTING') return `${word}, ${running} running, ${queued} queued`;
  const serving = apps.length - apps.filter(isFinishing).length;
  return `${word}, ${serving} app${serving === 1 ? '' : 's'}, ${Math.max(0, running - finishing)} of ${capacity} busy, ${rest}`;
}

/** An app that leaves: it says so by a capacity of 0, finishes what it holds and gets nothing new. */
const isFinishing = (app: SpaceConnectionFragment['apps'][number]) => app.capacity === 0;

/** A space's line, and a line for each of its apps. */
export function spaceStatus(state: SpaceConnectionFragment): string {
  const rows = state.apps.map((app) => [
    app.name,
    app.version ?? '',
    isFinishing(app) && app.status === 'CONNECTED' ? 'leaving' : WORDS[app.status],
    isFinishing(app) ? `${app.running} finishing` : `${app.running}/${app.capacity}`,
    app.connectedAt,
    app.id,
  ]);
  const head = `${paint('bold', state.space)}: ${summary(state)}`;
  if (rows.length === 0) return head;
  return `${head}\n${table(['APP', 'VERSION', 'STATUS', 'LOAD', 'CONNECTED', 'ID'], rows).replaceAll(/^/gm, '  ')}`;
}

function changeLine(state: SpaceConnectionFragment): string {
  const apps = state.apps.map((app) => oneLine(app.name)).join(', ');
  return `${paint('dim', state.changedAt)} ${summary(state)}${apps && `: ${apps}`}`;
}
