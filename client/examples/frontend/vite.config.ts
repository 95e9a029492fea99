import { defineConfig } from 'vite';

const server = process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000';

/** The page and the server are one origin to the browser, which keeps the visitor's cookie then. */
export default defineConfig({
  server: { proxy: { '/graphql': { target: server, ws: true }, '/files': { target: server } } },
});
