import { Refusal } from '../domain/refusal.ts';

/** What watchers of a job are told that was deleted before they heard of its end. */
export const deleted = (id: string): Refusal =>
  new Refusal('NOT_FOUND', `Job "${id}" was deleted before its end was heard of`, { field: 'id' });
