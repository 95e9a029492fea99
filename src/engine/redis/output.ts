import { partitionOf } from '../../domain/ids.ts';
import type { Output } from '../engine.ts';
import { wholeCharacters } from '../output.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';

const OUTCOMES = ['appended', 'gap', 'full'] as const;

export function outputOf({ run, send, bytes }: Connection, keys: Keys): Output {
  const newest = async (id: string): Promise<number> => Number(await send<string | null>('HGET', keys.job(id), 'oatt'));

  return {
    async append(id, attempt, lease, offset, text, maxBytes) {
      const [outcome, end] = await run<[number, number]>(
        'append',
        keys.base(partitionOf(id)),
        id,
        attempt,
        lease ?? '-',
        offset,
        text,
        JSON.stringify(text),
        maxBytes,
      );
      return outcome === 0 ? { outcome: 'moved' } : { outcome: OUTCOMES[outcome - 1]!, end };
    },

    async read(id, attempt, after, maxBytes) {
      // The attempt last: it only grows, so what was read before is of the one that stands there now, or of none.
      const [piece, there] = await Promise.all([
        bytes('GETRANGE', keys.output(id), after, after + maxBytes - 1),
        newest(id),
      ]);
      return there === attempt ? wholeCharacters(attempt, after, piece) : null;
    },

    async length(id) {
      const [end, attempt] = await Promise.all([send<number>('STRLEN', keys.output(id)), newest(id)]);
      return attempt > 0 ? { attempt, end } : null;
    },
  };
}
