import react from '@vitejs/plugin-react';
import { defineConfig } from 'vite';

/** The pages, built into dist/web, which the server serves at /. */
export default defineConfig({
  root: import.meta.dirname,
  plugins: [react()],
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
