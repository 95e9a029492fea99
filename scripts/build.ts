/** Builds `dist`: the compiled program, and beside it the files that it reads and that are not TypeScript. */
import { execFileSync } from 'node:child_process';
import { chmodSync, copyFileSync, globSync, mkdirSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';

const root = join(import.meta.dirname, '..');
process.chdir(root);

rmSync('dist', { recursive: true, force: true });
execFileSync(join('node_modules', '.bin', 'tsc'), ['-p', 'tsconfig.build.json'], { stdio: 'inherit' });
for (const file of ['schema.graphql', ...globSync('src/**/*.lua')]) {
  const copy = join('dist', file);
  mkdirSync(dirname(copy), { recursive: true });
  copyFileSync(file, copy);
}
execFileSync('npm', ['run', '--silent', 'build:web'], { stdio: 'inherit' });
chmodSync('dist/client/cli/main.js', 0o755);
