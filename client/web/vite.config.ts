import { globSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { gzipSync } from 'node:zlib';
import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

const OUT = join(import.meta.dirname, '../../dist/web');
/** Smaller ones would gain nothing. */
const WORTH_BYTES = 1024;

/** Beside each text that is built the same compressed, for the server to send. */
const compressed = () => ({
  name: 'compressed',
  closeBundle() {
    for (const path of globSync('**/*.{js,css,html,svg,json}', { cwd: OUT })) {
      const text = readFileSync(join(OUT, path));
      if (text.length >= WORTH_BYTES) writeFileSync(join(OUT, `${path}.gz`), gzipSync(text, { level: 9 }));
    }
  },
});

/** `graphql(…)` is the document itself, not a look into the table of all: what no page asks for is left out. */
const ownDocuments = () => ({
  name: 'own-documents',
  enforce: 'pre' as const,
  apply: 'build' as const,
  transform(code: string, id: string) {
    if (!/\/client\/(web|sdk)\/.+\.tsx?$/.test(id) || !code.includes('graphql(`')) return null;
    const documents: string[] = [];
    const own = code.replace(/graphql\(`\s*(\w+) (\w+)[^`]*`\)/g, (_call, kind: string, name: string) => {
      documents.push(`${name}${kind === 'fragment' ? 'FragmentDoc' : 'Document'}`);
      return documents.at(-1)!;
    });
    return own.replace(/{ graphql } from '(.+)index.ts'/, `{ ${documents} } from '$1graphql.ts'`);
  },
});

/** Styles between what is seen before the pages are there and the pages: what stands behind them waits for them, and no more. */
const stylesLate = () => ({
  name: 'styles-late',
  transformIndexHtml: {
    order: 'post' as const,
    handler(html: string) {
      const [link = ''] = /<link rel="stylesheet"[^>]*>/.exec(html) ?? [];
      return html.replace(link, '').replace('<div id="root">', `${link}<div id="root">`);
    },
  },
});

/** The pages, built into dist/web, which the server serves at /. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [ownDocuments(), react(), stylesLate(), compressed()],
  build: {
    outDir: '../../dist/web',
    emptyOutDir: true,
    target: 'es2022',
    sourcemap: false,
    modulePreload: { polyfill: false },
  },
  // `npm run web` beside a server on port 4000.
  server: {
    proxy: Object.fromEntries(
      ['/graphql', '/files', '/login'].map((path) => [path, { target: 'http://127.0.0.1:4000', ws: true }]),
    ),
  },
});
