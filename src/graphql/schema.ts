import { lexicographicSortSchema } from 'graphql';
import { builder } from './builder.ts';
import './types/scalars.ts';
import './types/enums.ts';
import './types/viewer.ts';
import './types/account.ts';
import './types/sign-in.ts';
import './types/token.ts';
import './types/app.ts';
import './types/space.ts';
import './types/job.ts';
import './types/page.ts';
import './types/jobs.ts';
import './types/report.ts';
import './types/remote-app.ts';
import './types/stats.ts';
import './types/audit.ts';

/** The API. schema.graphql is printed from it. */
export const schema = lexicographicSortSchema(builder.toSchema());
