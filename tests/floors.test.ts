import { globSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { describe, expect, test } from 'vitest';

const root = join(import.meta.dirname, '..');

/** A file imports from its own floor and from those before it. */
const floors = ['domain', 'engine', 'service', 'live', 'graphql', 'server', 'main'];
/** Files of src that are in no floor's folder. */
const rooms: Record<string, string> = {
  'src/server.ts': 'server',
  'src/main.ts': 'main',
  'src/production.ts': 'domain',
  'src/config.ts': 'domain',
  'src/setting.ts': 'domain',
  'src/settings.ts': 'domain',
  'src/log.ts': 'domain',
};

interface Import {
  from: string;
  to: string;
}

const imports: Import[] = globSync('{src,client}/**/*.{ts,tsx}', { cwd: root }).flatMap((file) => {
  const from = file.split(sep).join('/');
  const text = readFileSync(join(root, file), 'utf8');
  const named = [...text.matchAll(/(?:^import|^export|^\} from|import\()[^'"\n]*['"](\.[^'"]+)['"]/gm)];
  return named.map(([, path]) => ({
    from,
    to: relative(root, join(root, dirname(file), path!))
      .split(sep)
      .join('/'),
  }));
});

function floorOf(file: string): number {
  const folder = /^src\/([^/]+)\//.exec(file)?.[1];
  const name = rooms[file] ?? (folder === 'http' ? 'server' : folder);
  const floor = floors.indexOf(name ?? '');
  if (floor < 0) throw new Error(`${file} is on no floor`);
  return floor;
}

const inSource = imports.filter(({ from }) => from.startsWith('src/'));

describe('the house', () => {
  test('its imports are read', () => {
    expect(inSource.length).toBeGreaterThan(200);
    expect(imports).toContainEqual({ from: 'src/main.ts', to: 'src/server.ts' });
    expect(imports).toContainEqual({ from: 'src/service/jobs.ts', to: 'src/domain/job.ts' });
  });

  test('a file of src imports only from its own floor and those below', () => {
    expect(inSource.filter(({ from, to }) => !to.startsWith('src/') || floorOf(to) > floorOf(from))).toEqual([]);
  });

  test('the domain does no input or output', () => {
    const used = globSync('src/domain/*.ts', { cwd: root }).flatMap((file) =>
      [...readFileSync(join(root, file), 'utf8').matchAll(/from '(node:[^']+)'|(Date\.now|new Date\()/g)].map(
        ([found]) => found,
      ),
    );
    expect(used.filter((found) => !found.includes('node:crypto'))).toEqual([]);
  });

  test('only main chooses an engine', () => {
    const engines = inSource.filter(({ to }) => /^src\/engine\/(redis\/redis|sqlite|sqlite\/sqlite)\.ts$/.test(to));
    const choosers = engines.filter(({ from }) => !from.startsWith('src/engine/')).map(({ from }) => from);
    expect([...new Set(choosers)]).toEqual(['src/main.ts']);
  });

  test('clients import nothing from the server; `spacedock serve` loads its settings and its entry', () => {
    expect(imports.filter(({ from, to }) => from.startsWith('client/') && to.startsWith('src/'))).toEqual([]);
    const loaders = globSync('client/**/*.ts', { cwd: root }).filter((file) =>
      /['"`/]src\/(?:main|settings|\$\{)/.test(readFileSync(join(root, file), 'utf8')),
    );
    expect(loaders.map((file) => file.split(sep).join('/'))).toEqual(['client/cli/serve.ts']);
  });

  test('the SDK imports nothing but itself and its few packages', () => {
    expect(imports.filter(({ from, to }) => from.startsWith('client/sdk/') && !to.startsWith('client/sdk/'))).toEqual(
      [],
    );
  });
});
