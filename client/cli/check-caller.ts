import { randomUUID } from 'node:crypto';
import {
  type Connection,
  createProgressReporter,
  type Role,
  spacesQuery,
  viewerQuery,
  watchJob,
} from '../sdk/index.ts';
import { atUrl, signInOf } from './caller.ts';
import { expect, Mismatch, refusalStep, type Step } from './check-step.ts';
import type { ServerOptions } from './options.ts';

/** That the server is there, and as what it sees us. */
export function arrivalSteps(server: Connection): { steps: Step[]; role(): Role } {
  let role: Role = 'ANONYMOUS';
  let name = '';
  const steps: Step[] = [
    {
      name: 'the server is ready',
      remedy: 'Is it running (spacedock serve), and is --url its address? /ready and its log say what it waits for.',
      async run(signal) {
        const response = await fetch(`${server.url}/ready`, { signal }).catch((error: Error) => {
          throw new Mismatch(
            `${server.url} cannot be reached: ${(error.cause as Error | undefined)?.message ?? error.message}`,
          );
        });
        expect(response.ok, `${server.url}/ready answers ${response.status}`);
      },
    },
    {
      name: () => (name === '' ? 'the server lets you in' : `you come as ${name} (${role})`),
      remedy: 'Let WebSockets through: a proxy must pass Upgrade headers on /graphql.',
      async run(signal) {
        const { viewer } = await server.request(viewerQuery, {}, { signal });
        ({ name, role } = viewer);
      },
    },
  ];
  return { steps, role: () => role };
}

/** What somebody can try who is no administrator, and what cannot be tried. */
export function callerSteps(server: Connection, options: ServerOptions, role: Role): { steps: Step[]; rest: string } {
  let spaces = 0;
  let seen: string[] = [];
  const job = `check-${randomUUID()}`;
  const steps: Step[] = [
    {
      name: () => `the spaces that you may see are listed: ${spaces}`,
      remedy: 'The log of the server says more.',
      async run(signal) {
        spaces = (await server.request(spacesQuery, {}, { signal })).spaces.length;
      },
    },
    {
      name: 'a job of your own is reported on, and seen live',
      remedy: 'A proxy may hold messages back: turn buffering off for /graphql.',
      async run(signal) {
        await using reporter = createProgressReporter({ url: options.url, token: signInOf(options).token });
        await reporter.start(job, { title: 'spacedock check', silentSeconds: 60 });
        seen = [];
        for await (const { status, stage } of watchJob(server, job, { signal })) {
          seen.push(`${status} ${stage}`);
          if (seen.length === 1) void reporter.report(job, 'half way', 0.5);
          else if (stage === 'half way') void reporter.reportComplete(job);
        }
        expect(seen.at(-1) === 'COMPLETED complete', `what was seen: ${seen.join(', ')}`);
      },
    },
    refusalStep(server, `check-${randomUUID()}`),
  ];
  const advice = `sign in as one with spacedock login${atUrl(options.url)}, or give the token of one`;
  return {
    // A reporter's ids may be bound to a prefix, which is its own to know.
    steps: role === 'USER' ? steps : steps.filter((step) => step !== steps[1]),
    rest: `a space, an app and a job with a file were not tried: that takes an administrator; ${advice}`,
  };
}
