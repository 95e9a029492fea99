import { type Connection, errorCode, submitInferenceMutation } from '../sdk/index.ts';

export interface Step {
  /** Or a function, where it is known only when it has run. */
  name: string | (() => string);
  /** What to do if it fails. */
  remedy: string;
  run(signal: AbortSignal): Promise<void>;
}

/** The server works, but not as it should. */
export class Mismatch extends Error {}

export function expect(condition: boolean, otherwise: string): asserts condition {
  if (!condition) throw new Mismatch(otherwise);
}

export function refusalStep(server: Connection, space: string): Step {
  return {
    name: 'a wrong request is refused with its code',
    remedy: 'The server takes what it should refuse: is it a Spacedock of this version?',
    async run(signal) {
      const input = { space, prompt: 'check' };
      const answer = server.request(submitInferenceMutation, { input }, { signal });
      const code = await answer.then(() => 'no refusal', errorCode);
      expect(code === 'NOT_FOUND', `expected NOT_FOUND, got ${code}`);
    },
  };
}
