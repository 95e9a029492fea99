import type { ExecutionResult, GraphQLError, GraphQLFormattedError } from 'graphql';

/** What a client may see of an error. */
export type Mask = (error: GraphQLError) => GraphQLFormattedError;

/** A Next of an operation up to its payload. */
export const nextHead = (id: string): Buffer => Buffer.from(`{"id":${JSON.stringify(id)},"type":"next","payload":`);

/** The rest of it, whatever the operation: the payload, and the brace that closes the message. */
export function nextTail({ data, errors }: ExecutionResult, mask: Mask): Buffer {
  return Buffer.from(`${JSON.stringify(errors ? { data, errors: errors.map(mask) } : { data })}}`);
}

const FINAL_TEXT = 0x81;

/** A whole text message of two parts as one unmasked frame of a server (RFC 6455, section 5.2). */
export function textFrame(head: Uint8Array, tail: Uint8Array): Buffer {
  const length = head.length + tail.length;
  const extra = length < 126 ? 0 : length < 65_536 ? 2 : 8;
  const start = 2 + extra;
  const frame = Buffer.allocUnsafe(start + length);
  frame[0] = FINAL_TEXT;
  if (extra === 0) {
    frame[1] = length;
  } else if (extra === 2) {
    frame[1] = 126;
    frame.writeUInt16BE(length, 2);
  } else {
    frame[1] = 127;
    frame.writeBigUInt64BE(BigInt(length), 2);
  }
  frame.set(head, start);
  frame.set(tail, start + head.length);
  return frame;
}
