import { randomUUID } from 'node:crypto';
import { post } from '../help/client.ts';
import type { ApiError } from '../help/flow.ts';

export interface Seen {
  id: string;
  status: string;
  stage: string | null;
  attempt: number;
  revision: number;
  outputLength: number;
}

export interface Chunk {
  attempt: number;
  offset: number;
  end: number;
  text: string;
}

export const UPDATES = 'subscription ($id: ID!) { jobUpdates(id: $id) { id status stage attempt revision } }';
/** With what makes a revision heavy. */
export const HEAVY_UPDATES =
  'subscription ($id: ID!) { jobUpdates(id: $id) { id status stage attempt revision metadata } }';
export const OUTPUT = `subscription ($id: ID!, $after: Float, $attempt: Int) {
  jobOutput(id: $id, after: $after, attempt: $attempt) { attempt offset end text }
}`;

export const newTracked = (): string => `live-${randomUUID()}`;
export const bytesOf = (text: string): number => Buffer.byteLength(text);
export const isOver = ({ status }: Pick<Seen, 'status'>): boolean => status !== 'RUNNING' && status !== 'CANCELLING';

type Verb = 'startJob' | 'reportProgress' | 'reportOutput' | 'reportComplete' | 'reportFailure';

/** A report over HTTP; the first of its errors instead of the job when it is refused. */
export async function tell(
  server: { graphql: string },
  verb: Verb,
  input: Record<string, unknown>,
): Promise<{ job: Seen | null; refusal: ApiError | undefined }> {
  const type = `${verb[0]!.toUpperCase()}${verb.slice(1)}Input`;
  const { data, errors } = await post<Record<Verb, Seen>>(
    server,
    `mutation ($input: ${type}!) { ${verb}(input: $input) { id status stage attempt revision outputLength } }`,
    { input },
  );
  return { job: data?.[verb] ?? null, refusal: errors[0] };
}

/** The same where nothing may be refused. */
export async function told(server: { graphql: string }, verb: Verb, input: Record<string, unknown>): Promise<Seen> {
  const { job, refusal } = await tell(server, verb, input);
  if (!job) throw new Error(`${verb} was refused: ${JSON.stringify(refusal)}`);
  return job;
}
