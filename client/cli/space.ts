import { createInterface } from 'node:readline/promises';
import { type Command, InvalidArgumentError, Option } from 'commander';
import {
  createSpaceMutation,
  deleteSpaceMutation,
  type Json,
  type SpaceFragment,
  spaceQuery,
  spacesQuery,
  updateSpaceMutation,
} from '../sdk/index.ts';
import { atUrl } from './caller.ts';
import {
  byteCount,
  commaList,
  jsonObject,
  type ServerOptions,
  talksToServer,
  wholeNumber,
  withConnection,
} from './options.ts';
import { Problem } from './problem.ts';
import { WORDS } from './status.ts';
import { bytes, printJson, table } from './style.ts';

interface SpaceOptions extends ServerOptions {
  title?: string;
  description?: string;
  prompt?: boolean;
  accept?: string[] | false;
  maxBytes?: number;
  maxFiles?: number;
  parameters?: { [key: string]: Json } | false;
  visibility?: 'public' | 'private';
  members?: string[];
  visitors?: boolean;
  whenOffline?: 'reject' | 'queue';
  order?: 'fifo' | 'fair';
  maxQueued?: number;
  maxQueueSeconds?: number;
  maxRunSeconds?: number;
  retentionSeconds?: number;
  maxAttempts?: number;
  json?: boolean;
}

export function addSpaceCommands(program: Command): void {
  const space = program.command('space').description('make, change, list and delete spaces');

  describesSpace(space.command('create').argument('<space>', 'letters, digits, - and _, at most 64', spaceId))
    .description('make a space that people can submit to')
    .action(async (id: string, options: SpaceOptions) => {
      const created = await withConnection(options, (server) =>
        server.request(createSpaceMutation, {
          input: {
            id,
            title: options.title ?? id,
            description: options.description,
            inputs: inputsOf(options),
            policy: policyOf(options),
            ...accessOf(options),
          },
        }),
      );
      if (options.json) return printJson(created.createSpace);
      process.stdout.write(`${id}\n`);
      process.stderr.write(
        `Serve it with: spacedock app --spaces ${id}${atUrl(options.url)}\nOn other machines with a token: spacedock token create --spaces ${id}${atUrl(options.url)}\n`,
      );
    });

  describesSpace(space.command('update').argument('<space>', 'the space', spaceId))
    .description('change what is given; the rest stays as it is')
    .action(async (id: string, options: SpaceOptions, command: Command) => {
      if (!changes(command)) {
        throw new Problem('Nothing to change was given.', {
          hint: `For example: spacedock space update ${id} --title TEXT --max-queued 100 (see --help)`,
        });
      }
      const updated = await withConnection(options, async (server) => {
        const { space: present } = await server.request(spaceQuery, { id });
        const { title, description } = options;
        const rules = { inputs: inputsOf(options, present), policy: policyOf(options), ...accessOf(options) };
        return server.request(updateSpaceMutation, { input: { id, title, description, ...rules } });
      });
      if (options.json) return printJson(updated.updateSpace);
      process.stdout.write(`${id}\n`);
    });

  talksToServer(space.command('list'))
    .description('list the spaces, what they take and whether apps are connected')
    .option('--json', 'everything, as JSON')
    .action(async (options: SpaceOptions) => {
      const { spaces } = await withConnection(options, (server) => server.request(spacesQuery, {}));
      if (options.json) return printJson(spaces);
      if (spaces.length === 0) return sayNoSpaces();
      process.stdout.write(
        `${table(['ID', 'TITLE', 'STATUS', 'APPS', 'RUNNING', 'QUEUED', 'WHO', 'TAKES'], spaces.map(listRow))}\n`,
      );
    });

  talksToServer(space.command('delete').argument('<space>', 'the space', spaceId))
    .description('delete a space with its jobs and files')
    .option('--yes', 'do not ask')
    .action(async (id: string, options: ServerOptions & { yes?: boolean }) => {
      if (!options.yes) await confirmDeletion(id);
      await withConnection(options, (server) => server.request(deleteSpaceMutation, { id }));
      process.stderr.write(`Deleted ${id}.\n`);
    });
}

export function sayNoSpaces(): void {
  process.stderr.write('No spaces yet. Make one with: spacedock space create ID\n');
}

function describesSpace(command: Command): Command {
  return talksToServer(command)
    .option('--title <text>', 'what people see')
    .option('--description <text>', 'what it does, for people')
    .option('--prompt', 'takes a prompt')
    .option('--no-prompt', 'takes no prompt')
    .option('--accept <types>', 'takes files of these types, for example image/*,application/pdf', commaList)
    .option('--no-accept', 'takes no files')
    .option('--max-bytes <size>', 'largest file, for example 10MB', byteCount)
    .option('--max-files <n>', 'most files of one job', wholeNumber(1))
    .option('--parameters <schema>', 'takes parameters of this JSON Schema: a file, or written out', jsonObject)
    .option('--no-parameters', 'takes no parameters')
    .addOption(
      new Option(
        '--visibility <who>',
        'public: everybody sees it, who is signed in submits; private: its members do both',
      ).choices(['public', 'private']),
    )
    .option(
      '--members <names>',
      'who sees it and submits while it is private: user names, also of people who are yet to come: a,b; none: --members ""',
      commaList,
    )
    .option('--visitors', 'while it is public, visitors submit too: people who are not signed in')
    .option('--no-visitors', 'only people who are signed in')
    .addOption(new Option('--when-offline <rule>', 'a submit while no app is connected').choices(['reject', 'queue']))
    .addOption(new Option('--order <order>', 'fair: submitters take turns').choices(['fifo', 'fair']))
    .option('--max-queued <n>', 'most jobs that wait', wholeNumber(1))
    .option('--max-queue-seconds <n>', 'longest wait of a job', wholeNumber(1))
    .option('--max-run-seconds <n>', 'longest run of an attempt', wholeNumber(1))
    .option('--retention-seconds <n>', 'how long a finished job is kept, at least 60', wholeNumber(60))
    .option('--max-attempts <n>', 'attempts at a job before it fails', wholeNumber(1))
    .option('--json', 'print the space as JSON');
}

/** Whether any option was given beside those that say where and how. */
function changes(command: Command): boolean {
  return command.options
    .map((option) => option.attributeName())
    .some((name) => !['url', 'token', 'json'].includes(name) && command.getOptionValue(name) !== undefined);
}

function spaceId(text: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text))
    throw new InvalidArgumentError('It must be 1 to 64 letters, digits, - or _.');
  return text;
}

/** Only what was given: the server keeps the rest. The file rules come as a whole, so a change starts from the present ones. */
function inputsOf(options: SpaceOptions, present?: SpaceFragment | null) {
  const { prompt, accept, maxBytes, maxFiles, parameters } = options;
  const old = present?.inputs.files;
  const touchesFiles = accept !== undefined || maxBytes !== undefined || maxFiles !== undefined;
  if (accept === false && (maxBytes !== undefined || maxFiles !== undefined)) {
    throw new Problem('--no-accept takes no files, so --max-bytes and --max-files make no sense with it.');
  }
  if (prompt === undefined && parameters === undefined && !touchesFiles) return undefined;
  return {
    ...(prompt !== undefined && { prompt }),
    ...(parameters !== undefined && { parameters: parameters === false ? null : parameters }),
    ...(touchesFiles && {
      files:
        accept === false
          ? null
          : {
              accept: accept ?? old?.accept ?? ['*/*'],
              maxBytes: maxBytes ?? old?.maxBytes,
              maxCount: maxFiles ?? old?.maxCount,
            },
    }),
  };
}

/** Who may use it. */
function accessOf({ visibility, members, visitors }: SpaceOptions) {
  return {
    visibility: visibility && (visibility === 'private' ? ('PRIVATE' as const) : ('PUBLIC' as const)),
    members,
    visitors,
  };
}

function policyOf(options: SpaceOptions) {
  const { maxQueued, maxQueueSeconds, maxRunSeconds, retentionSeconds, maxAttempts } = options;
  return {
    whenOffline: options.whenOffline && (options.whenOffline === 'queue' ? ('QUEUE' as const) : ('REJECT' as const)),
    order: options.order && (options.order === 'fair' ? ('FAIR' as const) : ('FIFO' as const)),
    maxQueued,
    maxQueueSeconds,
    maxRunSeconds,
    retentionSeconds,
    maxAttempts,
  };
}

function listRow({ id, title, inputs, connection, ...access }: SpaceFragment): string[] {
  const takes = [
    inputs.prompt && 'prompt',
    inputs.files && `${inputs.files.maxCount} × ${inputs.files.accept.join(' ')} to ${bytes(inputs.files.maxBytes)}`,
    inputs.parameters !== null && 'parameters',
  ];
  const load = `${connection.running}/${connection.capacity}`;
  return [
    id,
    title,
    WORDS[connection.status],
    String(connection.apps.length),
    load,
    String(connection.queued),
    whoOf(access),
    takes.filter(Boolean).join(', '),
  ];
}

function whoOf({ visibility, visitors, members }: Pick<SpaceFragment, 'visibility' | 'visitors' | 'members'>): string {
  if (visibility === 'PUBLIC') return visitors ? 'everybody' : 'who signs in';
  return members?.length ? members.join(', ') : 'members';
}

async function confirmDeletion(id: string): Promise<void> {
  const hint = 'Say --yes if you mean it.';
  if (!process.stdin.isTTY) throw new Problem(`Deleting ${id} deletes its jobs and files.`, { hint });
  using terminal = createInterface({ input: process.stdin, output: process.stderr });
  const left = new Promise<string>((resolve) => terminal.once('close', () => resolve('')));
  const answer = await Promise.race([
    terminal.question(`Delete ${id} with all its jobs and files? Type its id: `),
    left,
  ]);
  if (answer.trim() !== id) throw new Problem('Nothing was deleted.', { hint });
}
