import { defineConfig } from 'vitest/config';

export default defineConfig({
  test: {
    include: ['tests/**/*.test.ts'],
    // A shared machine that stalls for seconds fails tests whose graces are seconds; what fails twice in a row is wrong.
    retry: process.env.CI ? 1 : 0,
    testTimeout: 60_000,
    hookTimeout: 60_000,
    // What is polled for comes when it comes; a second would say how fast a shared machine is.
    expect: { poll: { timeout: 30_000 } },
    // Each file starts servers, and some of them Redis and a browser: more at a time than cores only makes them slower.
    maxWorkers: 2,
    allowOnly: false,
    slowTestThreshold: 10_000,
    // Node runs the files as they are, as it does outside of tests; Vite would resolve `graphql` twice, by its own rules and Node's.
    experimental: { viteModuleRunner: false, nodeLoader: false },
  },
});
