import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { IncomingMessage, ServerResponse } from 'node:http';
import { createRequire } from 'node:module';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { createGunzip, gzip } from 'node:zlib';
import type * as GraphqlWs from 'graphql-ws';
import { examples, exampleVariables } from './graphiql-examples.ts';
import { pagePolicy } from './headers.ts';

type GraphiqlParams = { query: string; operationName?: string | null; variables?: Record<string, unknown> };
type Observer = { next(result: unknown): void; error(thrown: unknown): void; complete(): void };
type GraphiqlOptions = {
  headers?: Record<string, string>;
  documentAST?: {
    definitions: readonly {
      kind: string;
      name?: { value: string };
      operation?: string;
      loc?: { start: number; end: number };
    }[];
  };
};

/**
 * Runs in the browser, not here: its source is put into the page, so it may use nothing from outside itself.
 * Queries and mutations go by POST. Each subscription has a WebSocket of its own, because the headers of the tab that
 * started it become the connection's `connectionParams` (names in lower case, as a server sees HTTP headers).
 */
function browserFetcher(createClient: typeof GraphqlWs.createClient) {
  const endpoint = new URL(location.pathname, location.href);
  const socketUrl = endpoint.href.replace(/^http/, 'ws');

  /** Only the chosen operation, so that a tab full of examples is not measured as one huge request. */
  function chosen({ query, operationName }: GraphiqlParams, { documentAST }: GraphiqlOptions) {
    const all = documentAST?.definitions ?? [];
    const one = all.find((each) => each.kind === 'OperationDefinition' && each.name?.value === operationName) ?? all[0];
    const alone = one?.loc && all.every((each) => each.kind === 'OperationDefinition');
    return { query: alone && one.loc ? query.slice(one.loc.start, one.loc.end) : query, kind: one?.operation };
  }

  /** An observable, because the return of an async generator would wait for the next event. */
  function subscription(body: GraphiqlParams, headers: Record<string, string>) {
    const entries = Object.entries(headers).map(([name, value]) => [name.toLowerCase(), value]);
    return {
      subscribe({ next, error, complete }: Observer) {
        const client = createClient({ url: socketUrl, connectionParams: Object.fromEntries(entries) });
        client.subscribe(body, {
          next,
          complete,
          // A CloseEvent would be shown as {"isTrusted":true}.
          error: (thrown) =>
            error(
              thrown instanceof CloseEvent ? new Error(`Connection closed: ${thrown.code} ${thrown.reason}`) : thrown,
            ),
        });
        return { unsubscribe: () => void client.dispose() };
      },
    };
  }

  return async (params: GraphiqlParams, options: GraphiqlOptions = {}) => {
    const { query, kind } = chosen(params, options);
    const body = { query, operationName: params.operationName, variables: params.variables };
    const headers = options.headers ?? {};
    if (kind === 'subscription') return subscription(body, headers);
    const response = await fetch(endpoint, {
      method: 'POST',
      headers: { accept: 'application/json', ...headers, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    try {
      return JSON.parse(text);
    } catch {
      throw new Error(`The server answered ${response.status}: ${text.slice(0, 1000)}`);
    }
  };
}

/** Runs in the browser. Given what the current tab of the last visit holds, GraphiQL shows that tab, else it adds an empty one. */
function currentTab(): { query?: string; variables?: string } | null {
  try {
    const { tabs, activeTabIndex } = JSON.parse(localStorage.getItem('graphiql:tabState') ?? '');
    return tabs[activeTabIndex];
  } catch {
    return null;
  }
}

const inline = (value: unknown) => JSON.stringify(value).replaceAll('<', '\\u003c');
const logo =
  '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24" width="24" height="24" fill="none" stroke="#e10098" stroke-width="2"><circle cx="12" cy="12" r="9"/><circle cx="12" cy="12" r="3"/><path d="M12 3v6M12 15v6"/></svg>';

/** The page as one document that asks for nothing more, and the policy that holds it to that. */
async function render(title: string): Promise<{ html: string; policy: string }> {
  // 9 MB of JavaScript: loaded when the page is first asked for, not when the server starts.
  const graphiql = await import('@graphql-yoga/render-graphiql/graphiql');
  const graphqlWs = new URL(
    './umd/graphql-ws.min.js',
    pathToFileURL(createRequire(import.meta.url).resolve('graphql-ws/package.json')),
  );
  const { css, js, editorWorkerService, jsonWorker, graphqlWorker } = graphiql;
  const workers = { editorWorkerService, json: jsonWorker, graphql: graphqlWorker };
  const variables = JSON.stringify(exampleVariables, null, 2);
  const options = {
    title,
    logo,
    defaultTabs: [{ query: examples, variables, headers: '{}' }],
    // A token typed into the Headers tab stays in the page unless the person chooses otherwise in its settings.
    shouldPersistHeaders: false,
  };
  const scripts = [
    await readFile(graphqlWs, 'utf8'),
    `const workers = ${inline(workers)};
    self.MonacoEnvironment = {
      globalAPI: false,
      getWorkerUrl: (_, label) => URL.createObjectURL(new Blob([workers[label]], { type: 'application/javascript' })),
    };`,
    js,
    `const { query, variables } = (${currentTab})() ?? { variables: ${inline(variables)} };
    YogaGraphiQL.renderYogaGraphiQL(document.querySelector('#root'), {
      ...${inline(options)},
      query,
      variables,
      fetcher: (${browserFetcher})(graphqlWs.createClient),
      // The page would write every edit into its address.
      onEditQuery() {},
    });`,
  ];
  const hashes = scripts.map((script) => `'sha256-${createHash('sha256').update(script).digest('base64')}'`);
  return {
    policy: pagePolicy({
      'script-src': hashes.join(' '),
      'worker-src': 'blob:',
      'connect-src': "'self'",
      // Its editor makes style elements as it goes.
      'style-src': "'unsafe-inline'",
      'font-src': 'data:',
      'img-src': 'data:',
    }),
    html: `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>${title}</title>
<link rel="icon" href="data:image/svg+xml,${encodeURIComponent(logo)}">
<style>${css}</style>
</head>
<body class="no-focus-outline">
<noscript>GraphiQL needs JavaScript.</noscript>
<div id="root"></div>
${scripts.map((script) => `<script>${script}</script>`).join('\n')}
</body>
</html>
`,
  };
}

/**
 * GraphiQL that works without internet: one self-contained page, packed once and then kept (about 2.5 MB).
 * Its operations go to the path that it was opened at, so it works behind a proxy that adds a prefix.
 *
 * @returns a handler for requests to the GraphQL path: true when the request was a browser's for the page, which is
 * then answered; false, untouched, for everything else.
 */
export function graphiqlPage(options: { /** @default 'Spacedock GraphiQL' */ title?: string } = {}) {
  const { title = 'Spacedock GraphiQL' } = options;
  let prepared: ReturnType<typeof prepare> | undefined;

  async function prepare() {
    const { html, policy } = await render(title);
    return {
      packed: await promisify(gzip)(html),
      headers: {
        'content-type': 'text/html; charset=utf-8',
        'content-security-policy': policy,
        'cache-control': 'no-cache',
        etag: `"${createHash('sha256').update(html).digest('base64url')}"`,
        vary: 'accept, accept-encoding, origin',
      },
    };
  }

  async function answer(request: IncomingMessage, response: ServerResponse) {
    prepared ??= prepare();
    const { packed, headers } = await prepared;
    if (request.headers['if-none-match']?.includes(headers.etag)) {
      response.writeHead(304, headers).end();
    } else if (/\bgzip\b/.test(String(request.headers['accept-encoding']))) {
      response.writeHead(200, { ...headers, 'content-encoding': 'gzip', 'content-length': packed.length }).end(packed);
    } else {
      const unpacked = createGunzip();
      unpacked.end(packed);
      await pipeline(unpacked, response.writeHead(200, headers));
    }
  }

  return (request: IncomingMessage, response: ServerResponse): boolean => {
    if (request.method !== 'GET' || !request.headers.accept?.includes('text/html')) return false;
    answer(request, response).catch((error: unknown) => response.destroy(error as Error));
    return true;
  };
}
