/** Where a server is, derived from whatever form of its address the user wrote. */
export interface Address {
  /** The HTTP address without `/graphql` and without a slash at its end. */
  base: string;
  /** The GraphQL endpoint over HTTP. */
  http: string;
  /** The GraphQL endpoint over WebSocket. */
  socket: string;
  /** The address of a path of the server; an absolute address stays as it is. */
  resolve(path: string): string;
}

/**
 * Reads `http(s)://` and `ws(s)://` addresses, with or without `/graphql`; in a browser also a path of the page's
 * server. Throws a TypeError that says what is wrong with any other.
 */
export function parseAddress(url: string): Address {
  const page = typeof location === 'undefined' ? undefined : location.href;
  const parsed = URL.canParse(url, page) ? new URL(url, page) : undefined;
  if (!parsed || !/^(https?|wss?):$/.test(parsed.protocol)) {
    throw new TypeError(`"${url}" is not the address of a server: write it like http://127.0.0.1:4000`);
  }
  const path = parsed.pathname.replace(/\/+$/, '').replace(/\/graphql$/, '');
  const secure = parsed.protocol === 'https:' || parsed.protocol === 'wss:';
  const base = `${secure ? 'https' : 'http'}://${parsed.host}${path}`;
  return {
    base,
    http: `${base}/graphql`,
    socket: `${secure ? 'wss' : 'ws'}://${parsed.host}${path}/graphql`,
    resolve: (target) => (/^[a-z][a-z0-9+.-]*:/i.test(target) ? target : `${base}/${target.replace(/^\/+/, '')}`),
  };
}
