import { describe, expect, it } from 'vitest';
import { contents } from '../help/contents.ts';
import type { Uploaded } from '../help/files.ts';
import { eventually, freshId } from '../help/jobs.ts';
import { newToken, newUser, newVisitor, type Person, person, signIn, withAccounts } from '../help/people.ts';
import { engines } from '../help/server.ts';
import { useServer } from '../help/use-server.ts';
import { PENDING_REQUESTS } from '../help/worker.ts';

const CREATE = 'mutation ($input: CreateSpaceInput!) { createSpace(input: $input) { id } }';
const SUBMIT =
  'mutation ($input: SubmitInferenceInput!) { submitInference(input: $input) { id input { files { url } } } }';

describe.each(engines)('uploads of people on %s', (engine) => {
  const env = { MAX_UPLOADS_PER_VIEWER: '3' };
  const server = useServer(withAccounts({ engine, env }));

  /** The first one is made when the storage answers: soon. */
  async function administrator(): Promise<Person> {
    await eventually(async () => (await server.engine.documents.get('account', 'admin')) !== null);
    return signIn(server);
  }
  async function upload(who: Person, content = 'content'): Promise<Uploaded> {
    const response = await fetch(`${server.url}/files?name=a.txt`, {
      method: 'POST',
      headers: { ...who.headers, 'content-type': 'application/octet-stream' },
      body: content,
    });
    return { ...((await response.json()) as Uploaded), status: response.status };
  }
  const codeOf = ({ status, errors }: Uploaded) => [status, errors?.[0]?.extensions.code];

  async function space(admin: Person, visitors: boolean): Promise<string> {
    const id = freshId();
    const inputs = { prompt: true, files: { accept: ['*/*'] } };
    await admin.ask(CREATE, { input: { id, title: id, inputs, visitors, policy: { whenOffline: 'QUEUE' } } });
    return id;
  }
  const submit = (who: Person, id: string, file: string) =>
    who.refusal(SUBMIT, { input: { space: id, files: [file] } });

  it('are their own: for anybody else there is no such upload', async () => {
    const admin = await administrator();
    const [ann, bob] = [await newUser(server, admin, `ann-${engine}`), await newUser(server, admin, `bob-${engine}`)];
    const id = await space(admin, false);
    const file = await upload(ann);
    expect(file.status).toBe(201);
    // An administrator's rights end here too: it is nobody's business before it is a job's.
    for (const other of [bob, admin]) expect(await submit(other, id, file.id)).toBe('NOT_FOUND');
    expect(await submit(ann, id, file.id)).toBeNull();
    // And each has a quota of their own.
    for (let n = 0; n < 3; n++) expect((await upload(ann)).status).toBe(201);
    expect(codeOf(await upload(ann))).toEqual([429, 'RATE_LIMITED']);
    expect((await upload(bob)).status).toBe(201);
  });

  it('are refused of credentials that are nobody’s, and of visitors where no space takes what they send', async () => {
    const admin = await administrator();
    const stranger = await newVisitor(server);
    expect(codeOf(await upload(person(server, 'sdt_tok_x_y')))).toEqual([401, 'UNAUTHENTICATED']);
    expect(codeOf(await upload(person(server, null)))).toEqual([401, 'UNAUTHENTICATED']);
    expect(codeOf(await upload(stranger))).toEqual([401, 'UNAUTHENTICATED']);
    const id = await space(admin, true);
    const file = await upload(stranger);
    expect(file.status).toBe(201);
    const another = await newVisitor(server);
    expect(await submit(another, id, file.id)).toBe('NOT_FOUND');
    expect(await submit(stranger, id, file.id)).toBeNull();
    // However many visitors somebody is, they have one quota.
    for (let n = 0; n < 3; n++) expect((await upload(await newVisitor(server))).status).toBe(201);
    expect(codeOf(await upload(await newVisitor(server)))).toEqual([429, 'RATE_LIMITED']);
    expect(codeOf(await upload(person(server, null)))).toEqual([429, 'RATE_LIMITED']);
    expect((await upload(admin)).status).toBe(201);
    await admin.ask('mutation ($id: ID!) { deleteSpace(id: $id) }', { id });
  });

  it('of an app are its results', async () => {
    const admin = await administrator();
    const id = await space(admin, false);
    const app = await newToken(server, admin, { role: 'APP', spaces: [id] });
    const other = await newToken(server, admin, { role: 'APP', spaces: [id] });
    await admin.ask(SUBMIT, { input: { space: id, prompt: 'Hello' } });
    await using socket = await app.socket();
    const input = { instance: crypto.randomUUID(), name: 'App', spaces: [id], capacity: 1 };
    const flow = socket.subscribe<{ lease?: { token: string }; job?: { id: string } }>(PENDING_REQUESTS, { input });
    let assigned = await flow.next();
    while (!assigned?.lease) assigned = await flow.next();
    const complete = 'mutation ($input: ReportCompleteInput!) { reportComplete(input: $input) { status } }';
    const report = async (file: Uploaded) =>
      socket.request(complete, { input: { job: assigned!.job!.id, lease: assigned!.lease!.token, files: [file.id] } });
    const page = contents.html.toString();
    expect((await report(await upload(other, page))).errors[0]?.extensions.code).toBe('NOT_FOUND');
    expect((await report(await upload(app, page))).data).toEqual({ reportComplete: { status: 'COMPLETED' } });
  });
});
