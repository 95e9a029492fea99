import type { AppId } from '../domain/ids.ts';
import type { Space, SpaceChange } from '../domain/space.ts';
import type { Apps } from './apps.ts';
import type { Audit, Doer } from './audit.ts';
import type { Connections } from './connections.ts';
import type { SpaceDeletion } from './space-deletion.ts';
import type { Spaces } from './spaces.ts';

export interface AdministrationParts {
  spaces: Spaces;
  deletion: SpaceDeletion;
  apps: Apps;
  connections: Connections;
  audit: Audit;
}

export type Administration = ReturnType<typeof createAdministration>;

/** What administrators do: done, and written down. */
export function createAdministration({ spaces, deletion, apps, connections, audit }: AdministrationParts) {
  return {
    async createSpace(by: Doer, id: string, title: string, change: SpaceChange): Promise<Space> {
      const space = await spaces.create(id, title, change);
      audit.record({ ...by, kind: 'SPACE_CREATED', subject: space.id, detail: { title } });
      return space;
    },

    async updateSpace(by: Doer, id: string, change: SpaceChange): Promise<Space> {
      const before = await spaces.find(id);
      const space = await spaces.update(id, change);
      const fields = changedFields(before, space);
      if (fields.length > 0) audit.record({ ...by, kind: 'SPACE_UPDATED', subject: id, detail: { fields } });
      return space;
    },

    /** Recorded as soon as it stands: what interrupts it then does not undo it. */
    deleteSpace: (by: Doer, id: string): Promise<void> =>
      deletion.delete(id, () => audit.record({ ...by, kind: 'SPACE_DELETED', subject: id, detail: null })),

    /** False: no such app. */
    async disconnectApp(by: Doer, id: AppId): Promise<boolean> {
      const app = (await connections.apps()).find((candidate) => candidate.id === id);
      if (!(await apps.disconnect(id))) return false;
      audit.record({ ...by, kind: 'APP_REMOVED', subject: id, detail: app ? { name: app.name } : null });
      return true;
    },
  };
}

/** Names of what is not as before: `title`, `inputs.files`, `policy.maxQueued`. */
function changedFields(before: Space | null, after: Space): string[] {
  const flat = ({ inputs, policy, ...others }: Space): Record<string, unknown> => ({
    ...others,
    ...prefixed('inputs', inputs),
    ...prefixed('policy', policy),
  });
  const old = before ? flat(before) : {};
  return Object.entries(flat(after))
    .filter(([name, value]) => JSON.stringify(value) !== JSON.stringify(old[name]))
    .map(([name]) => name);
}

const prefixed = (prefix: string, values: object): Record<string, unknown> =>
  Object.fromEntries(Object.entries(values).map(([name, value]) => [`${prefix}.${name}`, value]));
