import type { SpaceFragment } from '../../client/sdk/index.ts';
import { connectPerson, type Person } from '../help/person.ts';
import { type Pongs, type RawApp, type RawAppInput, rawInput, startRawApp } from '../help/raw-app.ts';
import { startServer, type TestServer, type TestServerOptions } from '../help/server.ts';

/** The space of every scene. */
export const SPACE = 'draw';

/** A server, or two on one Redis, with people and remote apps at it; all gone when it is disposed of. */
export interface Scene extends AsyncDisposable {
  server: TestServer;
  person: Person;
  /** A raw app that serves the space, registered when this resolves. `at`: which server it dials. */
  app(more?: Partial<RawAppInput>, options?: { pongs?: Pongs; at?: { socket: string } }): Promise<RawApp>;
  /** Another process's view, with a person at it. */
  second(): Promise<{ server: TestServer; person: Person }>;
  /** Is disposed of with the scene, before its servers. */
  use<T extends AsyncDisposable>(guest: T): T;
}

export interface SceneOptions extends TestServerOptions {
  policy?: Partial<SpaceFragment['policy']>;
}

export async function openScene(options: SceneOptions = {}): Promise<Scene> {
  const stack = new AsyncDisposableStack();
  try {
    const server = stack.use(await startServer(options));
    const person = stack.use(connectPerson(server.url));
    await person.space(SPACE, options.policy);
    return {
      server,
      person,
      use: (guest) => stack.use(guest),
      async app(more, { pongs, at = server } = {}) {
        const app = stack.use(await startRawApp(at.socket, rawInput([SPACE], more), pongs));
        await app.registered;
        return app;
      },
      async second() {
        const second = stack.use(await server.second());
        return { server: second, person: stack.use(connectPerson(second.url)) };
      },
      [Symbol.asyncDispose]: () => stack.disposeAsync(),
    };
  } catch (error) {
    await stack.disposeAsync();
    throw error;
  }
}
