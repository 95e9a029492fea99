import { type AuditEntry, auditKinds } from '../../service/audit.ts';
import { builder } from '../builder.ts';
import { described } from './enums.ts';
import { PageInfoType } from './page.ts';
import { ViewerType } from './viewer.ts';

interface AuditPage {
  edges: { cursor: string; node: AuditEntry }[];
  more: boolean;
  after: string | null;
}

const AuditKindType = builder.enumType('AuditKind', {
  description: 'What was done.',
  values: described(auditKinds),
});

const AuditEntryType = builder.objectRef<AuditEntry>('AuditEntry').implement({
  description: 'Something that was done to the server: by whom, from where, to what.',
  fields: (t) => ({
    id: t.exposeID('id', { description: 'Ids sort by time.' }),
    at: t.field({ type: 'DateTime', description: 'When it was written down.', resolve: ({ at }) => at }),
    kind: t.field({ type: AuditKindType, description: 'What was done.', resolve: ({ kind }) => kind }),
    actor: t.field({
      type: ViewerType,
      nullable: true,
      description: 'Who did it, as they were then. Null: nobody who was known, or the server itself.',
      resolve: ({ actor }) => actor,
    }),
    address: t.exposeString('address', {
      nullable: true,
      description: 'The network address it came from, where that is known.',
    }),
    subject: t.exposeString('subject', {
      nullable: true,
      description: 'The id of what it was done to: a space, a remote app, a user’s name, a token.',
    }),
    detail: t.field({
      type: 'JSON',
      nullable: true,
      description: 'What else is known. Never a secret.',
      resolve: ({ detail }) => detail,
    }),
    count: t.exposeInt('count', {
      description:
        'How many it stands for: what goes beyond 10 alike within a minute, of one kind and from one address, is one entry with what they have in common.',
    }),
  }),
});

const AuditEdgeType = builder.objectRef<AuditPage['edges'][number]>('AuditEdge').implement({
  description: 'An entry in a page.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'To ask for what follows it with, as `after`.' }),
    node: t.field({ type: AuditEntryType, description: 'The entry.', resolve: ({ node }) => node }),
  }),
});

const AuditPageType = builder.objectRef<AuditPage>('AuditPage').implement({
  description: 'Some entries of the audit log, newest first.',
  fields: (t) => ({
    edges: t.field({
      type: [AuditEdgeType],
      description: 'The entries with their cursors.',
      resolve: ({ edges }) => edges,
    }),
    nodes: t.field({
      type: [AuditEntryType],
      description: 'The entries.',
      resolve: ({ edges }) => edges.map(({ node }) => node),
    }),
    pageInfo: t.field({ type: PageInfoType, description: 'Where the page stands.', resolve: (page) => page }),
  }),
});

builder.queryField('auditLog', (t) =>
  t.field({
    type: AuditPageType,
    authScopes: { admin: true },
    description:
      'What was done to the server, newest first: sign-ins, accounts, tokens, spaces, remote apps. Entries are kept for 90 days unless configured otherwise. For administrators.',
    args: {
      first: t.arg.int({ defaultValue: 50, description: 'How many, 1 to 100.' }),
      after: t.arg.string({ description: 'The endCursor of the page before.' }),
      kind: t.arg({ type: [AuditKindType], description: 'Only of one of these kinds.' }),
    },
    resolve: async (_root, { first, after, kind }, { services }): Promise<AuditPage> => {
      const before = after == null ? null : Buffer.from(after, 'base64url').toString();
      const { entries, more } = await services.audit.page(first ?? 50, before, kind);
      return { edges: entries.map((node) => ({ cursor: cursorOf(node), node })), more, after: after ?? null };
    },
  }),
);

const cursorOf = ({ id }: AuditEntry): string => Buffer.from(id).toString('base64url');
