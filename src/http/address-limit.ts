import type { IncomingMessage } from 'node:http';
import { Refusal } from '../domain/refusal.ts';
import { networkOf } from '../service/network.ts';
import type { ClientAddress } from './client-address.ts';

/** How many sockets and streams of events each client address has open at this process. */
export interface AddressLimit {
  /** One more, until what it returns is called. Throws RATE_LIMITED when there are as many as may be. */
  enter(request: IncomingMessage): () => void;
}

export function createAddressLimit(limit: number, { addressOf }: ClientAddress): AddressLimit {
  const open = new Map<string, number>();
  return {
    enter(request) {
      const network = networkOf(addressOf(request));
      const count = open.get(network) ?? 0;
      if (count >= limit) {
        const message = `At most ${limit} WebSockets and streams of events at a time from one address (MAX_SOCKETS_PER_ADDRESS)`;
        throw new Refusal('RATE_LIMITED', message, { limit, retryAfterSeconds: 5 });
      }
      open.set(network, count + 1);
      let left = false;
      return () => {
        if (left) return;
        left = true;
        const rest = (open.get(network) ?? 1) - 1;
        if (rest === 0) open.delete(network);
        else open.set(network, rest);
      };
    },
  };
}
