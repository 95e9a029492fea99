import { randomUUID } from 'node:crypto';
import { type Viewer, visitor } from '../domain/viewer.ts';
import type { Engine } from '../engine/engine.ts';
import { createSigner } from './secrets.ts';

const VISITOR_SECRET = /^sdv_([0-9a-f-]{36})\.([A-Za-z0-9_-]{43})$/;

export type Visitors = ReturnType<typeof createVisitors>;

/** Those who are not signed in: each has an id of its own, signed by the server and kept by the visitor alone. */
export function createVisitors(engine: Engine) {
  const signer = createSigner(engine, 'visitors');

  return {
    async begin(): Promise<{ secret: string; viewer: Viewer }> {
      const id = randomUUID();
      return { secret: `sdv_${id}.${await signer.sign(id)}`, viewer: visitor(`visitor_${id}`) };
    },

    isSecret: (secret: string): boolean => VISITOR_SECRET.test(secret),

    /** Null: not one that this server signed. */
    async find(secret: string): Promise<Viewer | null> {
      const [, id = '', signature = ''] = VISITOR_SECRET.exec(secret) ?? [];
      return id !== '' && (await signer.verify(id, signature)) ? visitor(`visitor_${id}`) : null;
    },
  };
}
