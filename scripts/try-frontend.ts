/**
 * Builds client/examples/frontend as its author elsewhere would: in a directory of its own, with the package installed from its pack,
 * documents typed by its own codegen, checked by tsc, bundled by Vite. Its argument is a directory to work in; the pack is made
 * there, of what was built, unless it is there already.
 */
import { execFileSync, spawnSync } from 'node:child_process';
import { cpSync, globSync, mkdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('Which directory to work in?');
const work = resolve(given);
const root = join(import.meta.dirname, '..');
const home = join(work, 'frontend');
/** More than that, in lines, is no example. */
const MAX_LINES = 100;

const lines = readFileSync(join(root, 'client/examples/frontend/src/main.tsx'), 'utf8').split('\n').length - 1;
if (lines >= MAX_LINES)
  throw new Error(`The page has ${lines} lines; it shows that ${MAX_LINES} are more than enough.`);

mkdirSync(work, { recursive: true });
const isTheirs = (path: string) => !/[/\\](node_modules|dist|gql|package-lock\.json)$/.test(path);
cpSync(join(root, 'client/examples/frontend'), home, { recursive: true, filter: isTheirs });

const packs = () => globSync('spacedock-*.tgz', { cwd: work });
if (packs().length === 0) {
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], { cwd: root });
}
const manifest = JSON.parse(readFileSync(join(home, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
manifest.dependencies.spacedock = `file:${join(work, packs()[0]!)}`;
writeFileSync(join(home, 'package.json'), JSON.stringify(manifest, null, 2));

// With the machine's own npm, whose settings may say how the registry is reached.
const paths = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.startsWith(join(root, 'node_modules')));
execFileSync('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', '--loglevel', 'error'], {
  cwd: home,
  env: { ...process.env, PATH: paths.join(delimiter) },
  stdio: 'inherit',
});

// And with this Node, as every tool of its own is there now.
const PATH = [dirname(process.execPath), ...paths].join(delimiter);
for (const [tool, ...args] of [
  ['graphql-codegen', '--silent'],
  ['tsc', '--noEmit'],
  ['vite', 'build', '--logLevel', 'warn'],
] as [string, ...string[]][]) {
  const { status, stdout, stderr } = spawnSync(join(home, 'node_modules', '.bin', tool), args, {
    cwd: home,
    env: { ...process.env, PATH },
    encoding: 'utf8',
  });
  process.stdout.write(stdout);
  process.stderr.write(stderr);
  if (status !== 0) throw new Error(`${tool} ended with ${status}.`);
  if (stderr.includes('externalized')) throw new Error('A page is made to carry what only Node has.');
}
const scripts = globSync('dist/assets/*.js', { cwd: home });
if (scripts.length === 0) throw new Error('Vite has built no script.');
const bytes = scripts.reduce((sum, path) => sum + statSync(join(home, path)).size, 0);
console.log(`frontend: ${lines} lines, typed, ${Math.round(bytes / 1024)} KiB of JavaScript before compression`);
