import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';

/** What becomes of a request: it is passed on, lost before the server sees it, or its answer is lost. */
type Fate = 'pass' | 'lost' | 'answer lost' | 'bad gateway';
const FATES: Fate[] = ['lost', 'answer lost', 'pass', 'bad gateway', 'pass'];

/** A way to a server on which most requests meet a fault, in turn. */
export async function startFlaky(url: string): Promise<AsyncDisposable & { url: string; faults(): number }> {
  let requests = 0;
  let faults = 0;
  const proxy = createServer(async (request, response) => {
    const fate = FATES[requests++ % FATES.length];
    if (fate !== 'pass') faults++;
    if (fate === 'lost') return void request.socket.destroy();
    if (fate === 'bad gateway')
      return void response.writeHead(502, { 'content-type': 'text/html' }).end('<h1>502</h1>');
    const answer = await forward(url, request);
    if (fate === 'answer lost') request.socket.destroy();
    else response.writeHead(answer.status, { 'content-type': 'application/json' }).end(await answer.text());
  });
  proxy.listen(0, '127.0.0.1');
  await once(proxy, 'listening');
  return {
    url: `http://127.0.0.1:${(proxy.address() as AddressInfo).port}`,
    faults: () => faults,
    async [Symbol.asyncDispose]() {
      proxy.closeAllConnections();
      proxy.close();
      await once(proxy, 'close');
    },
  };
}

async function forward(url: string, request: IncomingMessage): Promise<Response> {
  const body = Buffer.concat(await request.toArray());
  const { authorization = '' } = request.headers;
  const headers = { 'content-type': 'application/json', authorization };
  return fetch(`${url}${request.url}`, { method: 'POST', headers, body });
}
