/** What graphql-ws needs of a WebSocket implementation: a constructor with the four state constants. */
export type WebSocketImpl = unknown;

const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;

let loaded: Promise<WebSocketImpl> | undefined;

/**
 * The browser's WebSocket, or `ws` in Node. Node's own one (where there is one) cannot be cut: closing it waits for
 * the other side's answer without end, so every connection that died silently would stay open and keep the program
 * from exiting. Nor does it say why a connection failed.
 */
export function webSocketImpl(): Promise<WebSocketImpl> {
  loaded ??= inNode ? loadWs() : Promise.resolve(WebSocket);
  return loaded;
}

async function loadWs(): Promise<WebSocketImpl> {
  const { WebSocket: Ws } = await import('ws');
  return class extends Ws {
    constructor(url: string, protocols?: string | string[]) {
      super(url, protocols, { perMessageDeflate: false });
      // Cutting a socket that is still connecting emits an error after graphql-ws has stopped listening.
      this.on('error', () => {});
    }
  };
}
