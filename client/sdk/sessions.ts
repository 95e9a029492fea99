import type { TypedDocumentNode } from '@graphql-typed-document-node/core';
import { createBackoff } from './backoff.ts';
import { isPassing, SpacedockError } from './errors.ts';
import { type Operation, operationOf } from './operation.ts';
import { deferred } from './promises.ts';
import { call, type Socket } from './socket.ts';
import { pause } from './timing.ts';

/** The registered connections of an app, one after the other. */
export interface Sessions {
  /** From now on reports go here. */
  registered(socket: Socket): void;
  /** The present one; waits for the next when there is none. Never rejects. */
  current(): Promise<Socket>;
  /**
   * Sends a report until it is answered, over as many connections as that takes: the server knows a repeated report by
   * its lease. Rejects with a SpacedockError when the server refuses it.
   */
  deliver<R, V extends Record<string, unknown>>(document: TypedDocumentNode<R, V>, variables: V): Promise<R>;
}

/** The close code of a message that is far beyond the server's limit. (RFC 6455, 7.4.1) */
export const MESSAGE_TOO_BIG = 1009;

export function createSessions(): Sessions {
  const underWay = new Set<Operation>();
  const culprits = new WeakMap<SpacedockError, Operation | undefined>();
  let present: Socket | undefined;
  let next = deferred<Socket>();

  /** Of the reports that were under way when a message closed the socket by its size, the culprit. */
  function largest(loss: SpacedockError): Operation | undefined {
    if (!culprits.has(loss)) {
      const bySize = [...underWay].map((operation) => ({
        operation,
        size: JSON.stringify(operation.variables).length,
      }));
      culprits.set(loss, bySize.sort((a, b) => b.size - a.size)[0]?.operation);
    }
    return culprits.get(loss);
  }

  const sessions: Sessions = {
    registered(socket) {
      present = socket;
      next.resolve(socket);
      next = deferred();
    },
    async current() {
      return present?.open ? present : next.promise;
    },
    async deliver<R, V extends Record<string, unknown>>(document: TypedDocumentNode<R, V>, variables: V): Promise<R> {
      const operation = operationOf(document, variables);
      const backoff = createBackoff();
      underWay.add(operation);
      try {
        for (;;) {
          const socket = await sessions.current();
          try {
            return await call<R>(socket, operation);
          } catch (error) {
            if (!isPassing(error)) throw error;
            if (error.closeCode === MESSAGE_TOO_BIG && operation === largest(error)) {
              throw new SpacedockError('PAYLOAD_TOO_LARGE', 'The report is larger than the server accepts messages.');
            }
            if (error.code === 'CONNECTION_LOST') continue;
            await pause(Math.max(backoff.next(), (error.retryAfterSeconds ?? 0) * 1000));
          }
        }
      } finally {
        underWay.delete(operation);
      }
    },
  };
  return sessions;
}
