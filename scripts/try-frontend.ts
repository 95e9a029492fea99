/**
 * Builds client/examples/frontend as its README tells an author elsewhere to: the package unpacked as if it were the clone, the page in
 * its place there, the commands of the README, which pack, install, type the documents, check, bundle and serve. Its argument is a
 * directory to work in; the first pack is made there, of what was built, unless it is there already.
 */
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, globSync, mkdirSync, readFileSync, statSync } from 'node:fs';
import { delimiter, dirname, join, resolve } from 'node:path';
import { createInterface } from 'node:readline';
import { blocksRunBy } from '../tests/docs/documents.ts';

const [given] = process.argv.slice(2);
if (given === undefined) throw new Error('Which directory to work in?');
const work = resolve(given);
const root = join(import.meta.dirname, '..');
const clone = join(work, 'clone');
const home = join(clone, 'client/examples/frontend');
/** More than that, in lines, is no example. */
const MAX_LINES = 100;
const SERVES_MS = 60_000;

const lines = readFileSync(join(root, 'client/examples/frontend/src/main.tsx'), 'utf8').split('\n').length - 1;
if (lines >= MAX_LINES)
  throw new Error(`The page has ${lines} lines; it shows that ${MAX_LINES} are more than enough.`);

mkdirSync(clone, { recursive: true });
const packs = () => globSync('spacedock-*.tgz', { cwd: work });
if (packs().length === 0) {
  execFileSync('npm', ['pack', '--silent', '--ignore-scripts', '--pack-destination', work], { cwd: root });
}
execFileSync('tar', ['-xzf', join(work, packs()[0]!), '-C', clone, '--strip-components=1']);
const isTheirs = (path: string) => !/[/\\](node_modules|dist|gql|package-lock\.json)$/.test(path);
cpSync(join(root, 'client/examples/frontend'), home, { recursive: true, filter: isTheirs });

const [install, build, serve] = blocksRunBy('client/examples/frontend/README.md', 'scripts/try-frontend.ts').map(
  ({ text }) => text,
);
if (!install || !build || !serve) throw new Error('The README has no blocks to install, to build and to serve.');

const settings = {
  npm_config_audit: 'false',
  npm_config_fund: 'false',
  npm_config_prefer_offline: 'true',
  npm_config_loglevel: 'error',
  // What the pack is made of was built before.
  npm_config_ignore_scripts: 'true',
};
// With the machine's own npm, whose settings may say how the registry is reached.
const paths = (process.env.PATH ?? '').split(delimiter).filter((path) => !path.startsWith(join(root, 'node_modules')));
const env = { ...process.env, ...settings, PATH: paths.join(delimiter) };
execFileSync('bash', ['-ec', install], { cwd: home, env, stdio: 'inherit' });

// And with this Node, as every tool of its own is there now.
const modern = { ...env, NO_COLOR: '1', PATH: [dirname(process.execPath), ...paths].join(delimiter) };
const built = spawnSync('bash', ['-ec', build], { cwd: home, env: modern, encoding: 'utf8' });
process.stdout.write(built.stdout);
process.stderr.write(built.stderr);
if (built.status !== 0) throw new Error(`What the README says ended with ${built.status}.`);
if (built.stderr.includes('externalized')) throw new Error('A page is made to carry what only Node has.');
const scripts = globSync('dist/assets/*.js', { cwd: home });
if (scripts.length === 0) throw new Error('Vite has built no script.');
const bytes = scripts.reduce((sum, path) => sum + statSync(join(home, path)).size, 0);

const serving = spawn('bash', ['-ec', serve], {
  cwd: home,
  env: modern,
  stdio: ['ignore', 'pipe', 'inherit'],
  detached: true,
});
const closed = once(serving, 'close');
const late = setTimeout(() => process.kill(-serving.pid!, 'SIGKILL'), SERVES_MS);
try {
  let address: string | undefined;
  for await (const line of createInterface(serving.stdout)) {
    address = /http:\/\/localhost:\d+/.exec(line)?.[0];
    if (address) break;
  }
  if (!address) throw new Error('Vite does not serve the page.');
  const page = await (await fetch(address)).text();
  if (!page.includes('/src/main.tsx')) throw new Error(`This is not the page: ${page}`);
} finally {
  clearTimeout(late);
  if (serving.exitCode === null) process.kill(-serving.pid!, 'SIGINT');
  await closed;
}
console.log(
  `frontend: ${lines} lines, typed, served, ${Math.round(bytes / 1024)} KiB of JavaScript before compression`,
);
