import { isTrackedId, type JobId, noSuchJob } from '../domain/ids.ts';
import type { Job } from '../domain/job.ts';
import { leaseOf } from '../domain/job.ts';
import { Refusal } from '../domain/refusal.ts';
import type { Space } from '../domain/space.ts';
import { leaseLost } from '../domain/transitions.ts';
import type { Viewer } from '../domain/viewer.ts';

// Who may do what: the one place that says so, whatever the transport. What a viewer may not see looks as if it were not there.

const owns = (viewer: Viewer, job: Job): boolean => job.submitter.id === viewer.id;
export const isAdmin = ({ role }: Viewer): boolean => role === 'ADMIN';
export const isSignedIn = ({ role }: Viewer): boolean => role !== 'ANONYMOUS';

const isMember = ({ account }: Viewer, { members }: Space): boolean => account !== null && members.includes(account);

/** A private space: its members, its apps and administrators. An app: its own spaces only. */
export function seesSpace(viewer: Viewer, space: Space): boolean {
  if (isAdmin(viewer)) return true;
  if (viewer.role === 'APP') return viewer.spaces?.includes(space.id) ?? false;
  return space.visibility === 'PUBLIC' || isMember(viewer, space);
}

export function maySubmit(viewer: Viewer, space: Space): boolean {
  if (isAdmin(viewer)) return true;
  if (viewer.role === 'USER') return seesSpace(viewer, space);
  return viewer.role === 'ANONYMOUS' && space.visibility === 'PUBLIC' && space.visitors;
}

/** An inference job: its submitter, administrators, and its app while it holds the lease. A tracked job: whoever knows its id, unless private. */
export function seesJob(viewer: Viewer, job: Job): boolean {
  if (isAdmin(viewer) || owns(viewer, job)) return true;
  if (job.space === null) return !job.private;
  return viewer.role === 'APP' && leaseOf(job)?.app.owner === viewer.id;
}

/** Cancels it, or runs it again. */
export const controlsJob = (viewer: Viewer, job: Job): boolean => isAdmin(viewer) || owns(viewer, job);

/** Registers as a remote app of the space. */
export function mayServe(viewer: Viewer, space: string): boolean {
  return isAdmin(viewer) || (viewer.role === 'APP' && (viewer.spaces?.includes(space) ?? false));
}

/** What somebody is told who may not do something: sign in, or what is missing. */
export function denied(viewer: Viewer, what: string, field?: string): Refusal {
  const details = field === undefined ? {} : { field };
  return isSignedIn(viewer)
    ? new Refusal('FORBIDDEN', `${what}: these credentials do not allow it`, details)
    : new Refusal('UNAUTHENTICATED', `${what}: sign in first`, details);
}

export function requireSubmit(viewer: Viewer, space: Space): void {
  if (!maySubmit(viewer, space)) throw denied(viewer, `Submitting to space ${space.id}`, 'input.space');
}

/** Sends a file to be used later: of visitors only where a space takes their submits. */
export function requireUpload(viewer: Viewer, spaces: readonly Space[]): void {
  if (!isSignedIn(viewer) && !spaces.some((space) => maySubmit(viewer, space))) throw denied(viewer, 'Uploading');
}

export function requireControl(viewer: Viewer, job: Job): void {
  if (!seesJob(viewer, job)) throw noSuchJob(job.id);
  if (!controlsJob(viewer, job)) throw denied(viewer, `Job ${job.id} is another's`, 'id');
}

/**
 * Reports on the job: of an inference job who the app signed in as that has the lease, or had it last; of a tracked job who began it.
 * `job`: as it is, or as the report would begin it. `begins`: of an unknown tracked id it would begin one, so that one which is there
 * cannot look unknown.
 */
export function requireReport(viewer: Viewer, job: Job, begins: boolean, field = 'input.job'): void {
  if (isAdmin(viewer)) return;
  if (job.space === null) {
    if (!begins && !seesJob(viewer, job)) throw noSuchJob(job.id, field);
    requireTracking(viewer, job.id, field);
    if (!owns(viewer, job)) throw denied(viewer, `Job ${job.id} was begun by another`, field);
    return;
  }
  if (!mayServe(viewer, job.space)) throw noSuchJob(job.id, field);
  // Whoever has come by a lease is not whom it was given to.
  if (job.app !== null && job.app.owner !== viewer.id) throw leaseLost(job);
}

/** Begins a tracked job of this id. */
export function requireTracking(viewer: Viewer, id: JobId, field = 'input.job'): void {
  if (isAdmin(viewer) || viewer.role === 'USER') return;
  if (viewer.role !== 'REPORTER') throw denied(viewer, 'Reporting on tracked jobs', field);
  if (viewer.prefix !== null && isTrackedId(id) && !id.startsWith(viewer.prefix)) {
    throw new Refusal('FORBIDDEN', `${field}: this token reports on jobs whose id begins with ${viewer.prefix}`, {
      field,
    });
  }
}

/** Makes tokens, and has some: a person, or a script of one. */
export function requireTokens(viewer: Viewer): void {
  if (!isAdmin(viewer) && viewer.role !== 'USER') throw denied(viewer, 'Tokens belong to people');
}

export function requirePriority(viewer: Viewer, priority: number): void {
  if (priority > 0 && !isAdmin(viewer)) throw denied(viewer, 'A priority above 0', 'input.priority');
}
