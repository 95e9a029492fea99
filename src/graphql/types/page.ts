import type { Job, JobStatus } from '../../domain/job.ts';
import type { Viewer } from '../../domain/viewer.ts';
import { isAdmin } from '../../service/permissions.ts';
import type { Services } from '../../service/services.ts';
import { builder } from '../builder.ts';
import { JobType } from './job.ts';

interface JobPage {
  edges: { cursor: string; node: Job }[];
  more: boolean;
  after: string | null;
}

/** One page of the viewer's own jobs of these partitions; of all, or of anybody's who is named, for an administrator. */
export async function jobPage(
  { jobs }: Services,
  viewer: Viewer,
  partitions: string[],
  args: { first?: number | null; after?: string | null; status?: JobStatus[] | null; submitter?: string | null },
): Promise<JobPage> {
  const after = args.after ?? null;
  const submitter = args.submitter ?? null;
  const own = isAdmin(viewer) ? submitter : viewer.id;
  // What others submitted is as if it were not there.
  const seen = submitter === null || submitter === own ? partitions : [];
  const page = await jobs.page(own, seen, args.status ?? null, args.first ?? 50, after);
  return { edges: page.jobs.map((node) => ({ cursor: jobs.cursor(node), node })), more: page.more, after };
}

export const PageInfoType = builder
  .objectRef<Pick<JobPage, 'more' | 'after'> & { edges: { cursor: string }[] }>('PageInfo')
  .implement({
    description: 'Where a page stands (https://relay.dev/graphql/connections.htm).',
    fields: (t) => ({
      hasNextPage: t.boolean({ description: 'Whether there are older ones.', resolve: ({ more }) => more }),
      hasPreviousPage: t.boolean({
        description: 'Whether it began after a cursor.',
        resolve: ({ after }) => after !== null,
      }),
      startCursor: t.string({
        nullable: true,
        description: 'The cursor of the first entry; null on an empty page.',
        resolve: ({ edges }) => edges[0]?.cursor,
      }),
      endCursor: t.string({
        nullable: true,
        description: 'The cursor of the last entry, to ask for the next page with, as `after`; null on an empty page.',
        resolve: ({ edges }) => edges.at(-1)?.cursor,
      }),
    }),
  });

const JobEdgeType = builder.objectRef<JobPage['edges'][number]>('JobEdge').implement({
  description: 'A job in a page.',
  fields: (t) => ({
    cursor: t.exposeString('cursor', { description: 'To ask for what follows it with, as `after`.' }),
    node: t.field({ type: JobType, description: 'The job.', resolve: ({ node }) => node }),
  }),
});

export const JobPageType = builder.objectRef<JobPage>('JobPage').implement({
  description: 'Some jobs of a list, newest first.',
  fields: (t) => ({
    edges: t.field({ type: [JobEdgeType], description: 'The jobs with their cursors.', resolve: ({ edges }) => edges }),
    nodes: t.field({
      type: [JobType],
      description: 'The jobs.',
      resolve: ({ edges }) => edges.map(({ node }) => node),
    }),
    pageInfo: t.field({ type: PageInfoType, description: 'Where the page stands.', resolve: (page) => page }),
  }),
});
