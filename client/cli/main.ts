#!/usr/bin/env node
// What an old Node can read, and nothing imported: one that is too old would end with a stack trace on the first modern word.
const OLDEST_NODE = 24;

if (Number(process.versions.node.split('.')[0]) < OLDEST_NODE) {
  process.stderr.write(
    `spacedock needs Node ${OLDEST_NODE} or newer, and this is ${process.versions.node}: install a newer one (https://nodejs.org), or in a clone use npx spacedock, which brings its own.\n`,
  );
  process.exitCode = 1;
} else {
  await import('./program.ts');
}

export {};
