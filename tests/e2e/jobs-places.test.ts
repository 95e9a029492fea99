import { describe, expect, it } from 'vitest';
import { ask } from '../help/client.ts';
import { newSpace, submit } from '../help/jobs.ts';
import { engines } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';

describe.each(engines)('places in the queue on %s', (engine) => {
  const server = useServer({ engine });

  it('are looked up once for a page of jobs of a space, and are right', async () => {
    const space = await newSpace(server);
    const ids: string[] = [];
    for (let n = 0; n < 20; n++) ids.push((await submit(server, space)).id);
    const { connections } = server.server.services;
    const { places } = connections;
    const asked: string[][] = [];
    connections.places = (id, jobs) => {
      asked.push(jobs);
      return places(id, jobs);
    };
    const { jobs } = await ask<{ jobs: { nodes: { id: string; queuePosition: number }[] } }>(
      server,
      'query ($space: ID!) { jobs(space: $space) { nodes { id queuePosition estimatedWait { low } } } }',
      { space },
    );
    connections.places = places;
    expect(jobs.nodes.map(({ id, queuePosition }) => [id, queuePosition]).reverse()).toEqual(
      ids.map((id, n) => [id, n + 1]),
    );
    expect(asked).toHaveLength(1);
    expect(asked[0]!.toSorted()).toEqual(ids.toSorted());
  });
});
