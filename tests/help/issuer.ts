import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';
import { exportJWK, generateKeyPair, type JWK, type JWTHeaderParameters, type JWTPayload, SignJWT } from 'jose';

export const AUDIENCE = 'spacedock';
export const CLIENT = { id: 'spacedock:web', secret: 'not+to/be seen:anywhere' };

export interface IssuerKey {
  kid: string;
  alg: string;
  privateKey: CryptoKey;
  jwk: JWK;
}

export interface TokenOptions {
  /** @default the issuer's current key */
  key?: IssuerKey;
  /** Over `{ alg, kid, typ }`; undefined leaves one out. */
  header?: Partial<JWTHeaderParameters>;
}

/** An OpenID Connect issuer that a test commands. */
export interface TestIssuer extends AsyncDisposable {
  url: string;
  key: IssuerKey;
  /** The keys it tells of. */
  published: IssuerKey[];
  /** A token, by default good for five minutes for AUDIENCE; a claim that is undefined is left out. */
  token(claims: JWTPayload, options?: TokenOptions): Promise<string>;
  /** Signs with a new key from now on; only that one is published. */
  rotate(): Promise<IssuerKey>;
  /** Claims of whoever signs in with a browser next. */
  person: JWTPayload;
  /** Whether it shows a page, on which a person is to click. @default false */
  asks: boolean;
  /** What is to be wrong with the next id token. */
  idToken: { claims?: JWTPayload; options?: TokenOptions };
  /** What is added to the metadata. */
  metadata: Record<string, unknown>;
  /** `away`: every connection is cut. `slow`: no request is answered. `broken`: every answer is nonsense. */
  mood: 'well' | 'away' | 'slow' | 'broken';
  /** How often each path was asked for. */
  asked: Record<string, number>;
  /** Codes and tokens that were given to browsers and servers. */
  given: string[];
}

export async function newKey(kid: string, alg = 'RS256'): Promise<IssuerKey> {
  const { publicKey, privateKey } = await generateKeyPair(alg, { extractable: true });
  return { kid, alg, privateKey, jwk: { ...(await exportJWK(publicKey)), kid, alg, use: 'sig' } };
}

const seconds = () => Math.floor(Date.now() / 1000);

export async function startIssuer(): Promise<TestIssuer> {
  const codes = new Map<string, URLSearchParams>();
  let keys = 1;
  const key = await newKey('key-1');

  const server = createServer((request, response) => {
    const url = new URL(request.url ?? '/', issuer.url);
    issuer.asked[url.pathname] = (issuer.asked[url.pathname] ?? 0) + 1;
    if (issuer.mood === 'away') request.socket.destroy();
    else if (issuer.mood === 'broken') response.end('<html>Welcome to nginx!');
    else if (issuer.mood === 'well') void answer(request, response, url);
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');

  function json(response: ServerResponse, status: number, body: unknown): void {
    response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(body));
  }

  async function answer(request: IncomingMessage, response: ServerResponse, url: URL): Promise<void> {
    switch (url.pathname) {
      case '/.well-known/openid-configuration':
        return json(response, 200, {
          issuer: issuer.url,
          jwks_uri: `${issuer.url}/keys`,
          authorization_endpoint: `${issuer.url}/authorize?tenant=1`,
          token_endpoint: `${issuer.url}/token`,
          ...issuer.metadata,
        });
      case '/keys':
        return json(response, 200, { keys: issuer.published.map(({ jwk }) => jwk) });
      case '/authorize':
        return authorize(response, url.searchParams);
      case '/token': {
        return exchange(request, response, new URLSearchParams(await text(request)));
      }
    }
    json(response, 404, {});
  }

  /** Whoever comes is `person`, and agrees. */
  function authorize(response: ServerResponse, asked: URLSearchParams): void {
    const wrong =
      asked.get('response_type') !== 'code' ||
      asked.get('client_id') !== CLIENT.id ||
      asked.get('code_challenge_method') !== 'S256' ||
      asked.get('tenant') !== '1' ||
      !asked.get('scope')?.split(' ').includes('openid');
    if (wrong) {
      json(response, 400, { error: 'invalid_request' });
      return;
    }
    const code = crypto.randomUUID();
    codes.set(code, asked);
    issuer.given.push(code);
    const back = new URL(asked.get('redirect_uri')!);
    back.search = new URLSearchParams({ code, state: asked.get('state')!, iss: issuer.url }).toString();
    if (issuer.asks) response.setHeader('content-type', 'text/html').end(`<a href="${back.href}">Sign in</a>`);
    else response.writeHead(302, { location: back.href }).end();
  }

  async function exchange(request: IncomingMessage, response: ServerResponse, form: URLSearchParams): Promise<void> {
    const basic = Buffer.from(request.headers.authorization?.slice('Basic '.length) ?? '', 'base64').toString();
    const [id, secret] = basic
      ? basic.split(':').map((text) => new URLSearchParams(`x=${text}`).get('x'))
      : [form.get('client_id'), form.get('client_secret')];
    if (id !== CLIENT.id || secret !== CLIENT.secret) return json(response, 401, { error: 'invalid_client' });
    const asked = codes.get(form.get('code') ?? '');
    codes.delete(form.get('code') ?? '');
    const challenge = createHash('sha256')
      .update(form.get('code_verifier') ?? '')
      .digest('base64url');
    const right =
      form.get('grant_type') === 'authorization_code' &&
      asked?.get('redirect_uri') === form.get('redirect_uri') &&
      asked?.get('code_challenge') === challenge;
    if (!right) return json(response, 400, { error: 'invalid_grant' });
    const { claims, options } = issuer.idToken;
    const told = { ...issuer.person, aud: CLIENT.id, nonce: asked?.get('nonce'), ...claims };
    const idToken = await issuer.token(told as JWTPayload, options);
    const accessToken = crypto.randomUUID();
    issuer.given.push(idToken, accessToken);
    json(response, 200, { token_type: 'Bearer', access_token: accessToken, id_token: idToken });
  }

  const issuer: TestIssuer = {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    key,
    published: [key],
    token(claims, { key = issuer.key, header = {} } = {}) {
      const now = seconds();
      const payload = { iss: issuer.url, aud: AUDIENCE, iat: now, exp: now + 300, ...claims };
      const head = { alg: key.alg, kid: key.kid, typ: 'JWT', ...header };
      return new SignJWT(payload).setProtectedHeader(head).sign(key.privateKey);
    },
    async rotate() {
      issuer.key = await newKey(`key-${++keys}`);
      issuer.published = [issuer.key];
      return issuer.key;
    },
    person: { sub: 'sub-of-ada', preferred_username: 'Ada' },
    asks: false,
    idToken: {},
    metadata: {},
    mood: 'well',
    asked: {},
    given: [],
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      server.close();
      await once(server, 'close');
    },
  };
  return issuer;
}

/** The variables of a server that lets this issuer sign people in. */
export const issuerEnv = (issuer: TestIssuer): Record<string, string> => ({
  OIDC_ISSUER: issuer.url,
  OIDC_AUDIENCE: AUDIENCE,
  OIDC_ADMIN_CLAIM: 'groups=spacedock-admins',
});

/** And browsers too. */
export const browserEnv = (issuer: TestIssuer, publicUrl: string): Record<string, string> => ({
  ...issuerEnv(issuer),
  PUBLIC_URL: publicUrl,
  OIDC_CLIENT_ID: CLIENT.id,
  OIDC_CLIENT_SECRET: CLIENT.secret,
});
