import { describe, expect, it } from 'vitest';
import { eventually, newSpace } from '../help/jobs.ts';
import { random } from '../help/random.ts';
import { engines } from '../help/server.ts';
import { type Message, openSocket, type RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { isOver, newTracked, OUTPUT, type Seen, told, UPDATES } from './live-reports.ts';

const RACES = 10_000;
const SOCKETS = 4;
/** On each socket; used again and again. */
const IDS = 8;

/** One operation id of one socket, which subscribes to something else each time. */
interface Slot {
  socket: RawSocket;
  id: string;
  busy: boolean;
}

describe.each(engines)('ids that are used again on %s', (engine) => {
  const server = useServer({ engine });

  it('[lesson graphql-redis-subscriptions #598] ten thousand who begin and leave at any moment leave nothing behind, and take nobody down', async () => {
    const { seed, integer, pick } = random();
    console.log(`seed ${seed}`);
    const space = await newSpace(server);
    const [kept, last] = [newTracked(), newTracked()];
    await told(server, 'reportOutput', { job: kept, offset: 0, text: 'something' });
    await told(server, 'reportProgress', { job: last, stage: 'last' });
    const sockets = await Promise.all(Array.from({ length: SOCKETS }, () => openSocket(server)));
    const keeper = sockets[0]!.subscribe<Seen>(UPDATES, { id: kept });
    await keeper.next();
    const slots: Slot[] = sockets.flatMap((socket) =>
      Array.from({ length: IDS }, (_, n) => ({ socket, id: `op-${n}`, busy: false })),
    );
    const kinds = [
      { query: UPDATES, variables: { id: kept } },
      { query: 'subscription ($id: ID!) { jobUpdates(id: $id) { outputLength } }', variables: { id: kept } },
      { query: OUTPUT, variables: { id: kept } },
      { query: OUTPUT, variables: { id: newTracked() } },
      { query: 'subscription ($space: ID!) { spaceConnection(space: $space) { status } }', variables: { space } },
      { query: 'subscription ($space: ID!) { jobsChanged(space: $space) { id } }', variables: { space } },
    ];

    // Events come all the while.
    let racing = true;
    let count = 0;
    const reporting = (async () => {
      while (racing) await told(server, 'reportProgress', { job: kept, stage: `${count++}` });
    })();

    function begin(slot: Slot, payload: unknown): void {
      const messages: Message[] = [{ type: 'subscribe', id: slot.id, payload }];
      if (slot.busy) messages.unshift({ type: 'complete', id: slot.id });
      slot.busy = integer(1, 3) > 1;
      if (!slot.busy) messages.push({ type: 'complete', id: slot.id });
      if (integer(1, 2) === 1) slot.socket.sendTogether(messages);
      else slot.socket.send(...messages);
    }
    for (let n = 0; n < RACES; n++) {
      begin(pick(slots), pick(kinds));
      if (integer(1, 20) === 1) await new Promise(setImmediate);
      if (integer(1, 100) === 1) await pick(sockets).request('{ viewer { id } }');
    }
    racing = false;
    await reporting;

    // Each id is good for one more, which is not taken down by those before it.
    for (const slot of slots) {
      if (slot.busy) slot.socket.send({ type: 'complete', id: slot.id });
      slot.socket.send({ type: 'subscribe', id: slot.id, payload: { query: UPDATES, variables: { id: last } } });
    }
    const seenBy = ({ socket, id }: Slot, status: string) =>
      socket.take((message) => {
        const seen = (message.payload as { data?: { jobUpdates?: Seen } } | undefined)?.data?.jobUpdates;
        return message.id === id && seen?.id === last && seen.status === status;
      });
    await Promise.all(slots.map((slot) => seenBy(slot, 'RUNNING')));
    await eventually(() => server.server.topics() === 2 && server.server.groups() === 2);
    expect(server.server.services.counters.watchers).toBe(2);
    await told(server, 'reportComplete', { job: last });
    for (const slot of slots) {
      await seenBy(slot, 'COMPLETED');
      await slot.socket.take(({ type, id }) => type === 'complete' && id === slot.id);
    }

    const { revision } = await told(server, 'reportComplete', { job: kept });
    const seen = await keeper.rest();
    expect(seen.filter(isOver)).toEqual([seen.at(-1)]);
    expect(seen.at(-1)).toMatchObject({ status: 'COMPLETED', revision });
    const revisions = seen.map((each) => each.revision);
    expect(revisions).toEqual([...new Set(revisions)].sort((one, other) => one - other));
    const { counters } = server.server.services;
    await eventually(() => server.server.topics() + server.server.groups() + counters.watchers === 0);
    for (const socket of sockets) await socket.close();
  });
});
