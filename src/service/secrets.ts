import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { Engine } from '../engine/engine.ts';

/** 256 bits, as 43 characters. */
export const newSecret = (): string => randomBytes(32).toString('base64url');

/** SHA-256 in hex: what is stored of a secret of 256 bits, which no guessing finds. */
export const digestOf = (secret: string): string => createHash('sha256').update(secret).digest('hex');

/** Whether two texts are the same, in a time that does not tell where they differ. */
export function same(a: string, b: string): boolean {
  const [left, right] = [Buffer.from(a), Buffer.from(b)];
  return left.length === right.length && timingSafeEqual(left, right);
}

/** Signs with a key that is made once and kept in the engine: any process verifies what another signed. */
export function createSigner(engine: Engine, name: string) {
  let key: Promise<Buffer> | null = null;
  function load(): Promise<Buffer> {
    key ??= read().catch((error) => {
      key = null;
      throw error;
    });
    return key;
  }
  async function read(): Promise<Buffer> {
    await engine.documents.put('secret', name, randomBytes(32).toString('base64'), 0);
    const document = await engine.documents.get<string>('secret', name);
    return Buffer.from(document!.value, 'base64');
  }
  // A storage that was emptied has another key by now.
  engine.onReady(() => {
    key = null;
  });
  const sign = async (text: string): Promise<string> =>
    createHmac('sha256', await load())
      .update(text)
      .digest('base64url');
  return {
    sign,
    verify: async (text: string, signature: string): Promise<boolean> => same(signature, await sign(text)),
  };
}
