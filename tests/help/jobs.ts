import {
  type CreateSpaceInput,
  cancelJobMutation,
  createSpaceMutation,
  type JobSnapshot,
  jobQuery,
  jobUpdatesSubscription,
  retryJobMutation,
  type SpaceFragment,
  type SubmitInferenceInput,
  submitInferenceMutation,
} from '../../client/sdk/index.ts';
import { openServer, type Server } from '../../src/server.ts';
import { ask, sse } from './client.ts';
import type { Flow } from './flow.ts';
import type { TestServer } from './server.ts';
import type { RawSocket } from './socket.ts';

type Address = Pick<TestServer, 'graphql'>;

let spaces = 0;
export const freshId = (name = 'space'): string => `${name}-${++spaces}`;

/** A space of its own; it queues while no app is there, unless told otherwise. Returns its id. */
export async function newSpace(
  server: Address,
  policy: Partial<SpaceFragment['policy']> = {},
  inputs?: CreateSpaceInput['inputs'],
): Promise<string> {
  const id = freshId();
  await ask(server, createSpaceMutation, {
    input: { id, title: id, inputs, policy: { whenOffline: 'QUEUE', ...policy } },
  });
  return id;
}

export async function submit(
  server: Address,
  space: string,
  input: Partial<SubmitInferenceInput> = {},
): Promise<JobSnapshot> {
  const answer = await ask(server, submitInferenceMutation, { input: { space, prompt: 'Hello', ...input } });
  return answer.submitInference;
}

/** One after the other, so that their order is known. Returns their ids. */
export async function submitMany(server: Address, space: string, prompts: string[]): Promise<string[]> {
  const ids: string[] = [];
  for (const prompt of prompts) ids.push((await submit(server, space, { prompt })).id);
  return ids;
}

export const find = async (server: Address, id: string): Promise<JobSnapshot | null> =>
  (await ask(server, jobQuery, { id })).job ?? null;

export async function read(server: Address, id: string): Promise<JobSnapshot> {
  const job = await find(server, id);
  if (!job) throw new Error(`There is no job ${id}`);
  return job;
}

export const cancel = async (server: Address, id: string): Promise<JobSnapshot> =>
  (await ask(server, cancelJobMutation, { id })).cancelJob;

export const retry = async (server: Address, id: string): Promise<JobSnapshot> =>
  (await ask(server, retryJobMutation, { id })).retryJob;

export const watch = (socket: RawSocket, id: string): Flow<JobSnapshot> =>
  socket.subscribe(jobUpdatesSubscription, { id });

/** The job when it has ended. */
export async function end(server: Address, id: string): Promise<JobSnapshot> {
  const flow = await sse(server, jobUpdatesSubscription, { id });
  return (await flow.rest()).at(-1)!;
}

/** Looks again and again until it holds: for what nobody tells of. */
export async function eventually(holds: () => boolean | Promise<boolean>): Promise<void> {
  while (!(await holds())) await new Promise((resolve) => setTimeout(resolve, 10));
}

/**
 * Another process on the same engine, whose clock is ahead: what is due by then is done now. It settles what is overdue at once
 * instead of granting apps a grace after its start.
 */
export function openFuture({ engine, config }: TestServer, aheadMs: number): Promise<Server> {
  const log = { debug() {}, info() {}, warn() {}, error: console.error };
  const ahead = { ...engine, now: () => engine.now() + aheadMs };
  return openServer(ahead, { ...config, graceMs: 1 }, log);
}
