import type { Json } from '../domain/json.ts';
import type { Engine } from '../engine/engine.ts';

/** Who may have lost what they were let in by. */
export type Revoked = { kind: 'session' | 'token' | 'account'; id: string };

const TOPIC = 'access';

export type Access = ReturnType<typeof createAccess>;

/** How processes tell each other that credentials are worth something else from now on. */
export function createAccess(engine: Engine) {
  return {
    /** After the change is stored. */
    revoked: (revoked: Revoked): Promise<void> => engine.bus.publish(TOPIC, revoked as unknown as Json),
    listen: (handler: (revoked: Revoked) => void) =>
      engine.bus.listen(TOPIC, (message) => handler(message as unknown as Revoked)),
  };
}
