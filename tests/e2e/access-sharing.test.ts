import { beforeAll, describe, expect, it } from 'vitest';
import { post, sse } from '../help/client.ts';
import type { Flow } from '../help/flow.ts';
import { newToken, newUser, newVisitor, type Person, person, serve, withAccounts } from '../help/people.ts';
import { engines, startServer, type TestServer } from '../help/server.ts';
import type { RawSocket } from '../help/socket.ts';
import { useServer } from '../help/use-server.ts';
import { type Cast, CLUB, newCast, newJob, newTracked, PATIENT, PUBLIC } from './access-cast.ts';

interface Seen {
  revision: number;
  status: string;
  stage: string | null;
  attempt: number;
}
const UPDATES = 'subscription ($id: ID!) { jobUpdates(id: $id) { revision status stage attempt } }';
const OUTPUT = 'subscription ($id: ID!) { jobOutput(id: $id) { attempt text } }';
const PROGRESS = 'mutation ($input: ReportProgressInput!) { reportProgress(input: $input) { revision } }';
const COMPLETE = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { id } }';
const WRITE = 'mutation ($input: ReportOutputInput!) { reportOutput(input: $input) { id } }';
const START = 'mutation ($input: StartJobInput!) { startJob(input: $input) { attempt } }';
const CONNECTION = 'subscription ($space: ID!) { spaceConnection(space: $space) { status queued } }';
const UPDATE = 'mutation ($input: UpdateSpaceInput!) { updateSpace(input: $input) { id } }';

/** What has come of a flow so far; nothing more is waited for. */
function heard<T>(flow: Flow<T>): T[] {
  const values: T[] = [];
  const take = async (): Promise<void> => {
    values.push(await flow.next());
    return take();
  };
  take().catch(() => undefined);
  return values;
}

/** Watches over both transports: what each hears, and a way to know that everything said by now has come. */
async function watcher(server: TestServer, who: Person, query: string, id: string) {
  const socket = await who.socket();
  const flows = [socket.subscribe<Seen>(query, { id }), await sse<Seen>(server, query, { id }, who.headers)];
  return { socket, flows, heard: flows.map(heard), ended: () => Promise.all(flows.map(({ ended }) => ended)) };
}

describe.each(engines)('watchers of different rights with the same words, on %s', (engine) => {
  const server = useServer(withAccounts({ engine, env: PATIENT }));
  let cast: Cast;
  beforeAll(async () => {
    cast = await newCast(server);
  });

  it('of an inference job: its owner and administrators hear it in one execution, strangers that there is none', async () => {
    const { owner, script, admin, user, visitor, app } = cast;
    const id = await newJob(owner);
    const groups = server.server.groups();
    const inside = await Promise.all([owner, script, admin].map((who) => watcher(server, who, UPDATES, id)));
    for (const { heard } of inside) await expect.poll(() => heard.every((seen) => seen.length > 0)).toBe(true);
    expect(server.server.groups()).toBe(groups + 1);
    const outside = await Promise.all([user, visitor, app].map((who) => watcher(server, who, UPDATES, id)));
    for (const { heard, ended } of outside) {
      for (const end of await ended()) expect(end).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      expect(heard).toEqual([[], []]);
    }
    expect(server.server.groups()).toBe(groups + 1);
    await owner.ask('mutation ($id: ID!) { cancelJob(id: $id) { id } }', { id });
    for (const { heard, ended, socket } of inside) {
      expect(await ended()).toEqual(['complete', 'complete']);
      for (const seen of heard) expect(seen.at(-1)).toMatchObject({ status: 'CANCELLED' });
      await socket.close();
    }
  });

  it('of an unknown tracked id that begins private: its owner hears everything, a stranger nothing', async () => {
    const { reporter, admin, otherReporter, user, visitor } = cast;
    const id = `later-${engine}`;
    const inside = await Promise.all([reporter, admin].map((who) => watcher(server, who, UPDATES, id)));
    const outside = await Promise.all([otherReporter, user, visitor].map((who) => watcher(server, who, UPDATES, id)));
    const told = await Promise.all([reporter, user].map((who) => watcher(server, who, OUTPUT, id)));
    await reporter.ask(START, { input: { id, private: true } });
    await reporter.ask(PROGRESS, { input: { job: id, stage: 'secret' } });
    await reporter.ask(WRITE, { input: { job: id, offset: 0, text: 'secret words' } });
    for (const { heard } of inside) {
      await expect.poll(() => heard.map((seen) => seen.at(-1)?.stage)).toEqual(['secret', 'secret']);
    }
    await expect.poll(() => told[0]!.heard.map((seen) => seen.length)).toEqual([1, 1]);
    await reporter.ask(COMPLETE, { input: { job: id } });
    for (const { ended } of [...inside, told[0]!]) expect(await ended()).toEqual(['complete', 'complete']);
    // Its end tells a stranger nothing either, nor that it was deleted.
    await server.server.services.jobs.remove(id);
    const mark = await newTracked(cast.user);
    for (const { socket, heard } of [...outside, told[1]!]) {
      await socket.subscribe<Seen>(UPDATES, { id: mark }).next();
      expect(heard).toEqual([[], []]);
    }
    // And when another one begins under the id, for everybody, all of them hear it.
    await otherReporter.ask(START, { input: { id } });
    await otherReporter.ask(WRITE, { input: { job: id, offset: 0, text: 'open' } });
    for (const { heard } of outside) {
      await expect.poll(() => heard.map((seen) => seen.at(-1)?.status)).toEqual(['RUNNING', 'RUNNING']);
    }
    await expect.poll(() => told[1]!.heard.map((seen) => seen.length)).toEqual([1, 1]);
    for (const { socket } of [...inside, ...outside, ...told]) await socket.close();
  });

  it('of a tracked job that is begun anew as a private one, and again for everybody', async () => {
    const { reporter, user, admin, visitor } = cast;
    const id = await newTracked(reporter);
    const inside = await Promise.all([reporter, admin].map((who) => watcher(server, who, UPDATES, id)));
    const outside = await Promise.all([user, visitor].map((who) => watcher(server, who, UPDATES, id)));
    const read = await watcher(server, user, OUTPUT, id);
    const say = async (stage: string) => {
      await reporter.ask(PROGRESS, { input: { job: id, stage } });
      for (const { heard } of inside)
        await expect.poll(() => heard.map((seen) => seen.at(-1)?.stage)).toEqual([stage, stage]);
    };
    await say('open');
    for (const { heard } of outside)
      await expect.poll(() => heard.map((seen) => seen.at(-1)?.stage)).toEqual(['open', 'open']);
    await reporter.ask(START, { input: { id, restart: true, private: true } });
    await say('hidden');
    await reporter.ask(WRITE, { input: { job: id, offset: 0, text: 'hidden' } });
    // Left out it stays as it is.
    await reporter.ask(START, { input: { id, restart: true } });
    await say('still hidden');
    await reporter.ask(COMPLETE, { input: { job: id } });
    for (const { ended } of inside) expect(await ended()).toEqual(['complete', 'complete']);
    expect(read.heard).toEqual([[], []]);
    const open4 = { attempt: 4, text: 'open' };
    // Who comes now finds nothing.
    expect(await visitor.ask('query ($id: ID!) { job(id: $id) { id } }', { id })).toEqual({ job: null });
    const late = await watcher(server, user, UPDATES, id);
    await reporter.ask(START, { input: { id, restart: true, private: false } });
    await reporter.ask(PROGRESS, { input: { job: id, stage: 'open again' } });
    await reporter.ask(WRITE, { input: { job: id, offset: 0, text: 'open' } });
    for (const { heard } of [...outside, late]) {
      await expect.poll(() => heard.map((seen) => seen.at(-1)?.stage)).toEqual(['open again', 'open again']);
      for (const seen of heard) expect(seen.filter(({ attempt }) => attempt === 2 || attempt === 3)).toEqual([]);
    }
    await expect.poll(() => read.heard.map((seen) => seen.at(-1))).toMatchObject([open4, open4]);
    await reporter.ask(COMPLETE, { input: { job: id } });
    for (const { ended } of [...outside, late, read]) expect(await ended()).toEqual(['complete', 'complete']);
    for (const { socket } of [...inside, ...outside, late, read]) await socket.close();
  });

  it('of a job by the app that works on it: until its lease ends', async () => {
    const { owner, admin } = cast;
    const app = await newToken(server, admin, { role: 'APP', spaces: [PUBLIC] });
    await using serving = await serve(app, { spaces: [PUBLIC] });
    const id = await newJob(owner);
    let held = await serving.request();
    while (held.job !== id) held = await serving.request();
    const [mine, theirs, read] = await Promise.all([
      watcher(server, owner, UPDATES, id),
      watcher(server, app, UPDATES, id),
      watcher(server, app, OUTPUT, id),
    ]);
    await app.ask(PROGRESS, { input: { ...held, stage: 'working' } });
    await app.ask(WRITE, { input: { ...held, offset: 0, text: 'words' } });
    for (const { heard } of [mine, theirs])
      await expect.poll(() => heard.map((seen) => seen.at(-1)?.stage)).toEqual(['working', 'working']);
    await expect.poll(() => read.heard.map((seen) => seen.length)).toEqual([1, 1]);
    // Its goodbye gives the job back.
    serving.events.stop();
    for (const { ended } of [theirs, read]) {
      for (const end of await ended()) expect(end).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
    }
    await expect.poll(() => mine.heard.map((seen) => seen.at(-1)?.status)).toEqual(['QUEUED', 'QUEUED']);
    for (const seen of theirs.heard) expect(seen.every(({ status }) => status === 'RUNNING')).toBe(true);
    expect(await app.ask('query ($id: ID!) { job(id: $id) { id } }', { id })).toEqual({ job: null });
    for (const { socket } of [mine, theirs, read]) await socket.close();
  });

  it('of fields that depend on who asks: each their own answer, in whatever words', async () => {
    const { owner, script, admin, user, member, adminScript, visitor } = cast;
    const id = await newJob(owner);
    const query =
      'subscription ($id: ID!) { jobUpdates(id: $id) { space { members maySubmit jobs { nodes { submitter { id } } } } } }';
    interface Mine {
      space: { members: string[] | null; maySubmit: boolean; jobs: { nodes: { submitter: { id: string } }[] } };
    }
    // A script that acts as a user for an administrator has the id of one, and not the rights.
    const humble = await newToken(server, admin, { role: 'USER' });
    const all = async (who: Person) => {
      const seen: Mine[] = [];
      const socket = await who.socket();
      seen.push(await socket.subscribe<Mine>(query, { id }).next());
      const flow = await sse<Mine>(server, query, { id }, who.headers);
      seen.push(await flow.next());
      flow.stop();
      return { seen, socket };
    };
    const [boss, mine, also, too] = await Promise.all([admin, owner, script, adminScript].map(all));
    for (const { seen } of [boss!, too!])
      for (const { space } of seen) expect(space).toMatchObject({ members: [], maySubmit: true });
    const me = (await owner.ask<{ viewer: { id: string } }>('{ viewer { id } }')).viewer.id;
    for (const { seen } of [mine!, also!]) {
      for (const { space } of seen) {
        expect(space).toMatchObject({ members: null, maySubmit: true });
        expect(new Set(space.jobs.nodes.map(({ submitter }) => submitter.id))).toEqual(new Set([me]));
      }
    }
    const tracked = await newTracked(humble);
    const jobs = 'subscription ($id: ID!) { jobUpdates(id: $id) { title space { members } } }';
    for (const who of [admin, humble, user, visitor]) {
      await using socket = await who.socket();
      expect(await socket.subscribe(jobs, { id: tracked }).next()).toEqual({ title: null, space: null });
    }
    // The administrator's own job, watched by them first and by their humble script on top.
    const own = await newJob(admin, CLUB);
    const members = 'subscription ($id: ID!) { jobUpdates(id: $id) { space { members } } }';
    await using first = await admin.socket();
    await using second = await humble.socket();
    expect(await first.subscribe(members, { id: own }).next()).toEqual({ space: { members: ['member'] } });
    expect(await second.subscribe(members, { id: own }).next()).toEqual({ space: null });
    expect(await member.ask('{ space(id: "club") { members maySubmit } }')).toEqual({
      space: { members: null, maySubmit: true },
    });
    for (const { socket } of [boss!, mine!, also!, too!]) await socket.close();
  });

  it('of every change of a space’s jobs: each hears of their own', async () => {
    const { owner, user, admin, visitor, app, member } = cast;
    const query = 'subscription ($space: ID!) { jobsChanged(space: $space) { id submitter { name } } }';
    const open = async (who: Person) => {
      const socket = await who.socket();
      const flows = [
        socket.subscribe<{ id: string; submitter: { name: string } }>(query, { space: PUBLIC }),
        await sse<{ id: string; submitter: { name: string } }>(server, query, { space: PUBLIC }, who.headers),
      ];
      // That a feed is open is seen by what it tells of.
      await socket.ask('{ viewer { id } }');
      return { socket, heard: flows.map(heard) };
    };
    const feeds = {
      owner: await open(owner),
      user: await open(user),
      admin: await open(admin),
      visitor: await open(visitor),
      app: await open(app),
    };
    const makers = ['owner', 'user', 'visitor'] as const;
    const jobs = { owner: [] as string[], user: [] as string[], visitor: [] as string[] };
    const hears = (seen: { id: string }[], ids: string[]) => seen.some(({ id }) => ids.includes(id));
    // Feeds open when they are open: from some job on each is told.
    await expect
      .poll(async () => {
        for (const name of makers) jobs[name].push(await newJob(cast[name]));
        const all = feeds.admin.heard.flatMap((seen) => makers.map((name) => hears(seen, jobs[name])));
        return [...all, ...makers.flatMap((name) => feeds[name].heard.map((seen) => hears(seen, jobs[name])))];
      })
      .not.toContain(false);
    for (const name of ['owner', 'user', 'visitor'] as const) {
      const { viewer } = await cast[name].ask<{ viewer: { name: string } }>('{ viewer { name } }');
      for (const seen of feeds[name].heard)
        expect(new Set(seen.map(({ submitter }) => submitter.name))).toEqual(new Set([viewer.name]));
    }
    for (const seen of feeds.app.heard) expect(seen).toEqual([]);
    for (const who of [user, visitor, cast.otherApp]) {
      await using socket = await who.socket();
      expect(await socket.subscribe(query, { space: CLUB }).ended).toMatchObject([
        { extensions: { code: 'NOT_FOUND' } },
      ]);
      expect(await (await sse(server, query, { space: CLUB }, who.headers)).ended).toMatchObject([
        { extensions: { code: 'NOT_FOUND' } },
      ]);
    }
    await using inside = await member.socket();
    const club = inside.subscribe(query, { space: CLUB });
    await inside.ask('{ viewer { id } }');
    await newJob(member, CLUB);
    await club.next();
    for (const { socket } of Object.values(feeds)) await socket.close();
  });
});

describe.each(engines)('who watches a space that is closed to them, on %s', (engine) => {
  it('is told that it is gone within a second, in every process; who may see it goes on', async () => {
    await using server = await startServer(withAccounts({ engine, env: PATIENT }));
    await using second = engine === 'redis' ? await server.second() : null;
    const cast = await newCast(server);
    const { admin, member, user } = cast;
    const guest = await newUser(server, admin, 'Guest');
    const visitor = await newVisitor(server);
    await admin.ask(
      'mutation { createSpace(input: { id: "salon", title: "Salon", policy: { whenOffline: QUEUE } }) { id } }',
    );
    const FEED = 'subscription ($space: ID!) { jobsChanged(space: $space) { id } }';
    const open = async (who: Person) => {
      const sockets: RawSocket[] = [];
      const flows: Flow<{ status: string }>[] = [];
      for (const at of second ? [server, second] : [server]) {
        const there = person(at, who.secret);
        const socket = await there.socket();
        sockets.push(socket);
        const [here, streamed] = [
          socket.subscribe<{ status: string }>(CONNECTION, { space: 'salon' }),
          await sse<{ status: string }>(at, CONNECTION, { space: 'salon' }, who.headers),
        ];
        await Promise.all([here.next(), streamed.next()]);
        flows.push(here, streamed);
        flows.push(socket.subscribe(FEED, { space: 'salon' }));
        await socket.ask('{ viewer { id } }');
      }
      return { sockets, flows };
    };
    const gone = async ({ flows }: { flows: Flow<unknown>[] }, since: number) => {
      for (const { ended } of flows) expect(await ended).toMatchObject([{ extensions: { code: 'NOT_FOUND' } }]);
      expect(performance.now() - since).toBeLessThan(1000);
    };
    const [outside, away, inside, guests, boss] = [
      await open(user),
      await open(visitor),
      await open(member),
      await open(guest),
      await open(admin),
    ];
    await admin.ask(UPDATE, { input: { id: 'salon', visibility: 'PRIVATE', members: ['Member', 'Guest'] } });
    let since = performance.now();
    await gone(outside, since);
    await gone(away, since);
    await admin.ask(UPDATE, { input: { id: 'salon', members: ['Member'] } });
    since = performance.now();
    await gone(guests, since);
    await newJob(member, 'salon');
    for (const { flows } of [inside, boss]) for (const flow of flows) await flow.next();
    for (const who of [user, visitor, guest]) {
      const unknown = (await post(server, '{ jobs(space: "nowhere") { nodes { id } } }', {}, who.headers)).errors[0]!;
      const { errors } = await post(server, '{ jobs(space: "salon") { nodes { id } } }', {}, who.headers);
      expect(errors[0]!.message).toBe(unknown.message.replace('nowhere', 'salon'));
    }
    for (const { sockets } of [outside, away, inside, guests, boss]) for (const socket of sockets) await socket.close();
  });
});
