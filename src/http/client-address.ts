import type { IncomingMessage } from 'node:http';
import { isIP, isIPv4 } from 'node:net';
import type { TLSSocket } from 'node:tls';
import proxyAddr from 'proxy-addr';
import type { Log } from '../log.ts';

/** Who is at the other end of a request, past the proxies that are trusted and no further. */
export interface ClientAddress {
  /** An IP address; '' when the connection is gone already. */
  addressOf(request: IncomingMessage): string;
  /** Whether the client speaks HTTPS, to this server or to a trusted proxy before it. */
  isHttps(request: IncomingMessage): boolean;
}

/**
 * What `X-Forwarded-For` and `X-Forwarded-Proto` say counts only as far as a trusted proxy wrote it: from anybody else they change nothing.
 *
 * @param trusted addresses, networks and names as `Config.trustProxy` has them; null: no proxy.
 */
export function createClientAddress(trusted: string[] | null, log: Log): ClientAddress {
  const trusts = proxyAddr.compile(trusted ?? []);
  let told = false;

  const peerOf = ({ socket }: IncomingMessage): string => plain(socket.remoteAddress ?? '');

  /** A proxy that is not named makes all its clients one address: that is to be seen. */
  function tell(request: IncomingMessage): void {
    if (told || request.headers['x-forwarded-for'] === undefined) return;
    told = true;
    log.warn(
      { peer: peerOf(request) },
      'X-Forwarded-For is not believed: if this peer is a proxy of yours, name it in TRUST_PROXY, or all who come by it count as one address',
    );
  }

  return {
    addressOf(request) {
      const peer = peerOf(request);
      if (!trusts(peer, 0)) {
        tell(request);
        return peer;
      }
      // From the peer outwards, to the first that is not trusted. What is no address there was not written by a proxy.
      const found = proxyAddr.all(request, trusts).map((address) => plain(address));
      const wrong = found.findIndex((address) => isIP(address) === 0);
      return found.at(wrong === -1 ? -1 : wrong - 1) ?? peer;
    },

    isHttps(request) {
      if ((request.socket as Partial<TLSSocket>).encrypted) return true;
      const [scheme] = `${request.headers['x-forwarded-proto'] ?? ''}`.split(',', 1);
      return trusts(peerOf(request), 0) && scheme?.trim().toLowerCase() === 'https';
    },
  };
}

/** Without the port that some proxies add, and IPv4 as such. */
function plain(address: string): string {
  const [, bracketed, ported] = /^(?:\[([^\]]*)\](?::\d+)?|([\d.]+):\d+)$/.exec(address) ?? [];
  const bare = bracketed ?? ported ?? address;
  const mapped = bare.replace(/^::ffff:/i, '');
  return isIPv4(mapped) ? mapped : bare;
}
