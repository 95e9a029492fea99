import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Account } from '../domain/account.ts';
import type { IssuerClient } from '../domain/issuer.ts';
import type { Instant } from '../domain/json.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { IssuerUnavailable, type Metadata, problemOf } from './discovery.ts';
import type { Issuer } from './issuer.ts';
import { createSigner, digestOf, newSecret, same } from './secrets.ts';
import type { SignIn } from './sign-in.ts';

/** How long somebody may take to sign in at the issuer. */
const PENDING_MS = 600_000;
const EXCHANGE_MS = 10_000;
const MAX_RETURN = 2048;
/** States that are used up. */
const KIND = 'oidc-state';

const pendingShape = z.object({
  state: z.string(),
  nonce: z.string(),
  verifier: z.string(),
  returnTo: z.string(),
  expiresAt: z.number(),
});
const tokensShape = z.object({ id_token: z.string() });

export interface CodeFlowParts {
  engine: Engine;
  issuer: Issuer;
  client: IssuerClient;
  signIn: Pick<SignIn, 'welcome' | 'refused'>;
  log: Log;
}

/** A sign-in that was begun: where the browser is to go, and what it must bring back. */
export interface Begun {
  location: string;
  /** Not secret; one for each sign-in. */
  state: string;
  /** Signed, and good for `seconds`. Only the browser that began the sign-in is to have it. */
  pending: string;
  seconds: number;
}

export type CodeFlow = ReturnType<typeof createCodeFlow>;

/** How a browser signs in at the issuer: the authorization code flow (OpenID Connect Core 1.0, 3.1) with PKCE (RFC 7636). */
export function createCodeFlow({ engine, issuer, client, signIn, log }: CodeFlowParts) {
  const signer = createSigner(engine, 'oidc');
  const { origin } = new URL(client.publicUrl);
  const redirectUri = `${client.publicUrl}/login/oidc/callback`;

  async function read(pending: string | null): Promise<z.infer<typeof pendingShape> | null> {
    const [body = '', signature = ''] = (pending ?? '').split('.');
    if (body === '' || !(await signer.verify(body, signature))) return null;
    const found = pendingShape.parse(JSON.parse(Buffer.from(body, 'base64url').toString()));
    return found.expiresAt > engine.now() ? found : null;
  }

  /** The id token that the issuer gives for a code (RFC 6749, 4.1.3). */
  async function exchange(code: string, verifier: string): Promise<string> {
    const { token_endpoint, token_endpoint_auth_methods_supported: methods } = await doors(issuer);
    const body = new URLSearchParams({
      grant_type: 'authorization_code',
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const headers: Record<string, string> = { accept: 'application/json' };
    const basic = methods === undefined || methods.includes('client_secret_basic');
    if (client.secret !== null && basic) {
      const pair = [client.id, client.secret].map((text) => new URLSearchParams({ '': text }).toString().slice(1));
      headers.authorization = `Basic ${Buffer.from(pair.join(':')).toString('base64')}`;
    } else {
      body.set('client_id', client.id);
      if (client.secret !== null) body.set('client_secret', client.secret);
    }
    let status: number;
    let answer: unknown;
    try {
      const signal = AbortSignal.timeout(EXCHANGE_MS);
      const response = await fetch(token_endpoint, { method: 'POST', headers, body, redirect: 'manual', signal });
      status = response.status;
      answer = await response.json();
    } catch (error) {
      log.warn({ problem: problemOf(error) }, 'The issuer does not exchange codes');
      throw new IssuerUnavailable();
    }
    if (status === 200) {
      const tokens = tokensShape.safeParse(answer);
      if (tokens.success) return tokens.data.id_token;
    }
    const why = errorOf(answer);
    log.warn(
      { status, why },
      why === 'invalid_client'
        ? 'The issuer does not know this client: look at OIDC_CLIENT_ID and OIDC_CLIENT_SECRET'
        : 'The issuer did not exchange a code',
    );
    if (status >= 500) throw new IssuerUnavailable();
    throw new Refusal('UNAUTHENTICATED', `The issuer did not confirm the sign-in (${why}); sign in again`);
  }

  async function identified(code: string, verifier: string, nonce: string, address: string | null): Promise<Account> {
    try {
      return await issuer.identified(await exchange(code, verifier), client.id, nonce);
    } catch (error) {
      if (error instanceof Refusal && !(error instanceof IssuerUnavailable)) signIn.refused(issuer.name, address);
      throw error;
    }
  }

  return {
    /** Where a page sends a browser to sign in. */
    url: `${client.publicUrl}/login/oidc`,

    /** `returnTo`: a path of this server, with its query, to go to in the end. */
    async begin(returnTo: string): Promise<Begun> {
      const local = localPath(returnTo, origin);
      const { authorization_endpoint } = await doors(issuer);
      const [state, nonce, verifier] = [newSecret(), newSecret(), newSecret()];
      const expiresAt = engine.now() + PENDING_MS;
      const text = JSON.stringify({ state, nonce, verifier, returnTo: local, expiresAt });
      const body = Buffer.from(text).toString('base64url');
      const location = new URL(authorization_endpoint);
      const query = {
        response_type: 'code',
        client_id: client.id,
        redirect_uri: redirectUri,
        scope: client.scope,
        state,
        nonce,
        code_challenge: createHash('sha256').update(verifier).digest('base64url'),
        code_challenge_method: 'S256',
      };
      for (const [name, value] of Object.entries(query)) location.searchParams.set(name, value);
      const pending = `${body}.${await signer.sign(body)}`;
      return { location: location.href, state, pending, seconds: PENDING_MS / 1000 };
    },

    /**
     * Signs in whoever came back from the issuer with `query`, in the browser that has `pending`.
     * @returns the secret of a new session, and the address to go to
     */
    async finish(
      pending: string | null,
      query: URLSearchParams,
      address: string | null,
    ): Promise<{ secret: string; expiresAt: Instant; location: string }> {
      const begun = await read(pending);
      if (begun === null || !same(query.get('state') ?? '', begun.state)) {
        throw new Refusal(
          'FORBIDDEN',
          `This sign-in was not begun in this browser, or more than ${PENDING_MS / 60_000} minutes ago; sign in again, at ${client.publicUrl}`,
        );
      }
      const { state, nonce, verifier, returnTo, expiresAt } = begun;
      if ((await engine.documents.put(KIND, digestOf(state), true, 0, expiresAt)) === null) {
        throw new Refusal('FORBIDDEN', 'This sign-in is over already; sign in again');
      }
      // RFC 9207: what another issuer gave is not shown to this one.
      if ((query.get('iss') ?? issuer.name) !== issuer.name) {
        throw new Refusal('FORBIDDEN', 'Another issuer sent you here; sign in again');
      }
      const code = query.get('code');
      if (code === null) {
        const why = errorOf({ error: query.get('error') });
        throw new Refusal('FORBIDDEN', `The issuer did not sign you in (${why}); sign in again`);
      }
      const account = await identified(code, verifier, nonce, address);
      const { token, expiresAt: until } = await signIn.welcome(account, address);
      return { secret: token, expiresAt: until, location: `${origin}${returnTo}` };
    },
  };
}

/** Where the issuer signs people in, and gives tokens. */
async function doors(
  issuer: Issuer,
): Promise<Metadata & Required<Pick<Metadata, 'authorization_endpoint' | 'token_endpoint'>>> {
  const { authorization_endpoint, token_endpoint, ...rest } = await issuer.metadata();
  if (authorization_endpoint === undefined || token_endpoint === undefined) throw new IssuerUnavailable();
  return { ...rest, authorization_endpoint, token_endpoint };
}

/** One of the codes of RFC 6749: no other text of a stranger is shown or logged. */
function errorOf(answer: unknown): string {
  const { error } = (answer ?? {}) as { error?: unknown };
  return typeof error === 'string' && /^[a-z_]{1,64}$/.test(error) ? error : 'without a reason';
}

/** A path here as browsers read it, whatever tricks it was written with. */
function localPath(path: string, origin: string): string {
  const url = path.length <= MAX_RETURN && /^\/(?![/\\])/.test(path) ? URL.parse(path, origin) : null;
  if (url?.origin !== origin) {
    throw badInput(
      'return',
      `must be a path of this server, like /jobs, of at most ${MAX_RETURN} characters`,
      MAX_RETURN,
    );
  }
  return `${url.pathname}${url.search}${url.hash}`;
}
