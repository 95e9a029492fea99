import type { Submitter } from '../domain/job.ts';

/** Who is asking. */
export type Viewer = Submitter;

/**
 * Who the credentials stand for. Until accounts exist everybody is the same anonymous viewer and every operation is open, which
 * is why the server binds to loopback unless told otherwise.
 */
export function viewerOf(_authorization: string | undefined): Viewer {
  return ANONYMOUS;
}

const ANONYMOUS: Viewer = Object.freeze({ id: 'anonymous', name: 'Anonymous', role: 'ANONYMOUS' });
