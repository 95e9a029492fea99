import type { Submitter } from '../../domain/job.ts';
import { builder, PER_VIEWER } from '../builder.ts';
import { RoleType } from './enums.ts';

export const ViewerType = builder.objectRef<Submitter>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Stable as long as the viewer exists.' }),
    name: t.exposeString('name', { description: 'To show to people.' }),
    role: t.field({ type: RoleType, description: 'What the viewer is.', resolve: ({ role }) => role }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({ type: ViewerType, ...PER_VIEWER, description: 'You.', resolve: (_root, _args, { viewer }) => viewer }),
);
