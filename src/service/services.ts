import type { Config } from '../config.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Engine } from '../engine/engine.ts';
import type { Log } from '../log.ts';
import { createAccess } from './access.ts';
import { createAccounts, FIRST_ADMIN } from './accounts.ts';
import { createAdministration } from './administration.ts';
import { createApps } from './apps.ts';
import { createAudit } from './audit.ts';
import { createCodeFlow } from './code-flow.ts';
import { createConnections } from './connections.ts';
import { type Console, TERMINAL } from './console.ts';
import { createFiles, filesDirectory } from './files.ts';
import { createIdentity, openIdentity } from './identity.ts';
import { createIssuer } from './issuer.ts';
import { createJobs } from './jobs.ts';
import { createRates, NO_RATES } from './rates.ts';
import { createReports } from './reports.ts';
import { newSecret } from './secrets.ts';
import { createSessions } from './sessions.ts';
import { createSignIn } from './sign-in.ts';
import { createSpaceDeletion } from './space-deletion.ts';
import { createSpaces } from './spaces.ts';
import { createStats, newCounters } from './stats.ts';
import { createSubmission } from './submission.ts';
import { createSweeper } from './sweeper.ts';
import { createTokens } from './tokens.ts';
import { createVisitors } from './visitors.ts';

export type Services = ReturnType<typeof createServices>;

/** What the API offers, over one engine. */
export function createServices(engine: Engine, config: Config, log: Log, console: Console = TERMINAL) {
  const times = { keepaliveMs: config.keepaliveMs, graceMs: config.graceMs, silenceMs: config.silenceMs };
  let draining = false;

  const audit = createAudit({ engine, keepDays: config.auditDays, log });
  const spaces = createSpaces(engine, (error) => log.warn({ err: error }, 'Spaces could not be read again'));
  const access = createAccess(engine);
  const accounts = createAccounts(engine, access);
  const sessions = createSessions({ engine, accounts, access, sessionMs: config.sessionMs });
  const tokens = createTokens({ engine, accounts, spaces, access });
  const visitors = createVisitors(engine);
  const issuer = config.issuer && createIssuer({ config: config.issuer, accounts, now: engine.now, log });
  const vouched = issuer?.vouched ?? null;
  const identity =
    config.access === 'open'
      ? openIdentity
      : createIdentity({ engine, access, sessions, tokens, visitors, vouched, log });
  // Also of a storage that was emptied.
  engine.onReady(() => {
    if (config.access === 'open') return;
    const password = config.adminPassword ?? newSecret().slice(0, 20);
    accounts.begin(password).then(
      (begun) => begun && config.adminPassword === null && console.firstAdmin(FIRST_ADMIN, password),
      (error) =>
        log.error(
          { err: error },
          error instanceof Refusal ? error.message : 'The first administrator could not be made',
        ),
    );
  });
  const signIn = createSignIn({
    engine,
    accounts,
    sessions,
    tokens,
    visitors,
    audit,
    limits: config.limits.signIn,
  });
  const codeFlow = issuer?.client ? createCodeFlow({ engine, issuer, client: issuer.client, signIn, log }) : null;
  const files = createFiles({
    engine,
    directory: filesDirectory(config),
    maxBytes: config.limits.file,
    uploads: { count: config.limits.uploads, bytes: config.limits.uploadBytes },
    maxStorageBytes: config.limits.storage,
    minFreeBytes: config.limits.minFree,
    publicUrl: config.publicUrl,
  });
  const jobs = createJobs({ engine, files });
  const connections = createConnections(engine, spaces, times);
  const apps = createApps({ engine, jobs, spaces, connections, audit, times, log });
  const limits = {
    promptBytes: config.limits.prompt,
    parametersBytes: config.limits.parameters,
    queuedPerViewer: config.limits.queuedPerViewer,
  };
  const rates = config.access === 'open' ? NO_RATES : createRates(config.limits.rates);
  const submission = createSubmission({
    engine,
    rates,
    jobs,
    spaces,
    files,
    connections,
    limits,
    draining: () => draining,
  });
  const reports = createReports({
    engine,
    jobs,
    files,
    limits: config.limits,
    trackedSeconds: config.trackedSeconds,
  });
  const deletion = createSpaceDeletion({ engine, jobs, apps, spaces, tokens, log });
  const administration = createAdministration({ spaces, deletion, apps, connections, audit });
  const sweeper = createSweeper({ engine, jobs, apps, spaces, deletion, files, graceMs: config.graceMs, log });
  const counters = newCounters();
  const stats = createStats({
    engine,
    counters,
    connectedApps: apps.connected,
    activeJobs: apps.running,
    queued: connections.queued,
    observe: jobs.observe,
    log,
  });

  return {
    engine,
    spaces,
    accounts,
    tokens,
    identity,
    rates,
    signIn,
    codeFlow,
    signInMethods: { password: config.access === 'accounts', oidc: codeFlow?.url ?? null },
    files,
    jobs,
    connections,
    apps,
    submission,
    limits,
    reports,
    stats,
    counters,
    administration,
    audit,
    draining: () => draining,

    /** Nothing new is taken or given out; who is connected hears of it. */
    drain(): void {
      draining = true;
      apps.drain(engine.now() + config.drainMs);
    },

    /** After the sockets are closed. */
    async stop(): Promise<void> {
      await sweeper.stop();
      await apps.stop();
      await stats.stop();
      await spaces.stop();
      await identity.stop();
      await audit.stop();
    },
  };
}
