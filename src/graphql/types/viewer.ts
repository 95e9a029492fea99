import type { Viewer } from '../../service/identity.ts';
import { builder } from '../builder.ts';
import { RoleType } from './enums.ts';

export const ViewerType = builder.objectRef<Viewer>('Viewer').implement({
  description: 'Who is asking.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Stable as long as the viewer exists.' }),
    name: t.exposeString('name', { description: 'To show to people.' }),
    role: t.field({ type: RoleType, description: 'What the viewer is.', resolve: ({ role }) => role }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({ type: ViewerType, description: 'You.', resolve: (_root, _args, { viewer }) => viewer }),
);
