/** What a new token is for. */
export interface Wanted {
  /** Of the server, `https://host`. */
  url: string;
  secret: string;
  /** Of an app: those it serves. Of a script: one to submit to, if there is any. */
  spaces: readonly string[];
  /** What ids of jobs begin with; may be empty. */
  prefix: string;
}

/** Ways to use a token, by the name of their texts; each is complete as it stands. */
export function commandsFor(role: 'APP' | 'REPORTER' | 'USER' | 'ADMIN', wanted: Wanted): Record<string, string> {
  if (role === 'APP') return appCommands(wanted);
  if (role === 'REPORTER') return reporterCommands(wanted);
  return scriptCommands(wanted);
}

function scriptCommands(wanted: Wanted): Record<string, string> {
  const [space] = wanted.spaces;
  const command = space === undefined ? 'jobs' : `submit ${space} --prompt 'Hello' --watch`;
  return {
    cli: `SPACEDOCK_TOKEN=${wanted.secret} spacedock ${command} --url ${wanted.url}`,
    ask: curl(wanted, '{ viewer { name role } spaces { id title } }'),
  };
}

function appCommands({ url, secret, spaces }: Wanted): Record<string, string> {
  const start = `SPACEDOCK_TOKEN=${secret} spacedock app --url ${url} --spaces ${spaces.join(',')}`;
  return {
    demo: start,
    exec: `${start} \\\n  --exec 'python3 client/examples/exec/infer.py'`,
    sdk: `// SPACEDOCK_TOKEN=${secret} node app.ts
import { connectRemoteApp } from 'spacedock/client';

const app = connectRemoteApp({
  url: '${url}',
  token: process.env.SPACEDOCK_TOKEN,
  spaces: ${JSON.stringify(spaces).replaceAll('"', "'").replaceAll(',', ', ')},
  handler: async ({ prompt, files, parameters }, { progress, signal }) => {
    await progress('thinking', 0.5);
    return { result: { answer: \`You said: \${prompt}\` } };
  },
});
await app.done;`,
    python: `pip install httpx websockets
${spaces
  .map(
    (space) => `SPACEDOCK_TOKEN=${secret} python3 client/examples/python/remote_app.py \\
  --url ${url} --space ${space}`,
  )
  .join(' &\n')}`,
  };
}

function reporterCommands(wanted: Wanted): Record<string, string> {
  const { url, secret, prefix } = wanted;
  const job = `${prefix}nightly`;
  return {
    track: `SPACEDOCK_TOKEN=${secret} spacedock track --url ${url} ${job} -- make build`,
    sdk: `// SPACEDOCK_TOKEN=${secret} node report.ts
import { createProgressReporter } from 'spacedock/client';

const reporter = createProgressReporter({ url: '${url}', token: process.env.SPACEDOCK_TOKEN });
await reporter.track('${job}', async ({ each }) => {
  for await (const step of each(['fetch', 'build', 'publish'], { stage: 'working' })) console.log(step);
});
await reporter.close();`,
    python: `pip install httpx
SPACEDOCK_TOKEN=${secret} python3 client/examples/python/reporter.py --url ${url} --directory docs ${job}`,
    curl: curl(
      wanted,
      `mutation { reportProgress(input: {job: \\"${prefix}hello\\", stage: \\"building\\", progress: 0.4}) { status } }`,
    ),
  };
}

const curl = ({ url, secret }: Wanted, query: string): string =>
  `curl -s ${url}/graphql -H 'authorization: Bearer ${secret}' \\
  -H 'content-type: application/json' \\
  -d '{"query": "${query}"}'`;
