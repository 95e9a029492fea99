import { WebSocket } from 'ws';

/** Of the first administrator of the servers. */
const ADMIN_PASSWORD = 'correct horse battery';
const MUCH = '1000000';
/** Servers with accounts, for clients who all come from one address, and as fast as they can. */
export const ACCOUNTS = {
  ACCESS: 'accounts',
  ADMIN_PASSWORD,
  MAX_SOCKETS_PER_ADDRESS: MUCH,
  MAX_SOCKETS_PER_VIEWER: MUCH,
  MAX_OPERATIONS_PER_SECOND: MUCH,
  MAX_VISITOR_OPERATIONS_PER_SECOND: MUCH,
  MAX_SUBMITS_PER_MINUTE: MUCH,
};

/** A bare graphql-transport-ws client: as little work of its own as can be, so that the server is what is measured. */
export interface Client {
  /** One operation. `next` gets the data of every result; resolves at Complete, rejects at Error. */
  run(query: string, variables: object, next: (data: Record<string, unknown>) => void): Promise<void>;
  /** The first result of an operation. */
  once(query: string, variables: object): Promise<Record<string, unknown>>;
  close(): void;
}

interface Pending {
  next(data: Record<string, unknown>): void;
  resolve(): void;
  reject(error: Error): void;
}

export async function connect(url: string, authorization?: string): Promise<Client> {
  const socket = new WebSocket(url, 'graphql-transport-ws', { perMessageDeflate: false });
  const pending = new Map<string, Pending>();
  let serial = 0;
  const acknowledged = Promise.withResolvers<void>();
  socket.on('open', () => socket.send(JSON.stringify({ type: 'connection_init', payload: { authorization } })));
  socket.on('error', acknowledged.reject);
  socket.on('close', (code, reason) => {
    for (const { reject } of pending.values()) reject(new Error(`The socket was closed: ${code} ${reason}`));
  });
  socket.on('message', (text: Buffer) => {
    const message = JSON.parse(text.toString());
    const operation = pending.get(message.id);
    switch (message.type) {
      case 'next':
        if (message.payload.errors) operation?.reject(new Error(JSON.stringify(message.payload.errors)));
        else operation?.next(message.payload.data);
        break;
      case 'complete':
        pending.delete(message.id);
        operation?.resolve();
        break;
      case 'error':
        pending.delete(message.id);
        operation?.reject(new Error(JSON.stringify(message.payload)));
        break;
      case 'ping':
        socket.send(JSON.stringify({ type: 'pong', payload: message.payload }));
        break;
      case 'connection_ack':
        acknowledged.resolve();
        break;
    }
  });
  await acknowledged.promise;

  const run: Client['run'] = (query, variables, next) =>
    new Promise((resolve, reject) => {
      const id = String(++serial);
      pending.set(id, { next, resolve, reject });
      socket.send(JSON.stringify({ id, type: 'subscribe', payload: { query, variables } }));
    });
  return {
    run,
    async once(query, variables) {
      let first: Record<string, unknown> | undefined;
      await run(query, variables, (data) => {
        first ??= data;
      });
      return first!;
    },
    close: () => socket.close(1000),
  };
}

/** Signs in at a Spacedock server; the `authorization` that says so. */
export async function signIn(url: string): Promise<string> {
  const client = await connect(url);
  const login = 'mutation($password:String!){login(name:"admin",password:$password){token}}';
  const { token } = (await client.once(login, { password: ADMIN_PASSWORD })).login as { token: string };
  client.close();
  return `Bearer ${token}`;
}
