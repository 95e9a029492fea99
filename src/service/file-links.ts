import { isJobId, type JobId } from '../domain/ids.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Engine } from '../engine/engine.ts';
import { createSigner } from './secrets.ts';
import { isFileId } from './storage.ts';

/** A signed link is good for at least this long. */
const LINK_MS = 3_600_000;
/** Links are cut to this, so that the same file has the same link for a while and caches can work. */
const LINK_STEP_MS = 600_000;

/** Signed links to the files of jobs. */
export function createFileLinks(engine: Engine, publicUrl: string | null) {
  const signer = createSigner(engine, 'files');
  const signed = (job: JobId, id: string, expires: number | string): string => `${job}\n${id}\n${expires}`;

  return {
    /** `/files/<job>/<file>?expires=…&signature=…`: for who has the link, until it expires. */
    async link(job: JobId, id: string): Promise<string> {
      const expires = Math.ceil((engine.now() + LINK_MS) / LINK_STEP_MS) * LINK_STEP_MS;
      return `${publicUrl ?? ''}/files/${job}/${id}?expires=${expires}&signature=${await signer.sign(signed(job, id, expires))}`;
    },

    /** Whether the link is good; else a refusal: FORBIDDEN for a forged or expired one. */
    async check(job: string, id: string, expires: string, signature: string): Promise<void> {
      // Each of them in the one way that a link has it: nothing that only amounts to the same is signed.
      const possible = isJobId(job) && isFileId(id) && /^[1-9]\d{0,14}$/.test(expires);
      if (!possible || !(await signer.verify(signed(job, id, expires), signature))) {
        throw new Refusal('FORBIDDEN', 'This link is not one that this server signed');
      }
      if (!(engine.now() < Number(expires)))
        throw new Refusal('FORBIDDEN', 'This link has expired; ask for the job again for a new one');
    },
  };
}
