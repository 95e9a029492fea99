import type { Submitter } from '../../domain/job.ts';
import { builder, PER_VIEWER } from '../builder.ts';
import { RoleType } from './enums.ts';

export const ViewerType = builder.objectRef<Submitter>('Viewer').implement({
  description: 'Somebody who asks, or has asked, the server for something: a person, a program or a visitor.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Stable as long as the viewer exists.' }),
    name: t.exposeString('name', { description: 'To show to people.' }),
    role: t.field({ type: RoleType, description: 'What the viewer is.', resolve: ({ role }) => role }),
  }),
});

builder.queryField('viewer', (t) =>
  t.field({
    type: ViewerType,
    ...PER_VIEWER,
    description: 'Who you are here: whoever your credentials sign in, or a visitor.',
    resolve: (_root, _args, { viewer }) => viewer,
  }),
);
