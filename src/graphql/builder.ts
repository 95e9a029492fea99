import SchemaBuilder from '@pothos/core';
import ScopeAuthPlugin from '@pothos/plugin-scope-auth';
import type { Instant } from '../domain/json.ts';
import type { IncomingFile } from '../service/files.ts';
import { denied, isAdmin, isSignedIn } from '../service/permissions.ts';
import type { Context } from './context.ts';

export const builder = new SchemaBuilder<{
  Context: Context;
  DefaultFieldNullability: false;
  Scalars: {
    ID: { Input: string; Output: string };
    DateTime: { Input: Instant; Output: Instant };
    JSON: { Input: unknown; Output: unknown };
    File: { Input: IncomingFile; Output: never };
  };
  AuthScopes: { admin: boolean; signedIn: boolean };
}>({
  defaultFieldNullability: false,
  plugins: [ScopeAuthPlugin],
  scopeAuth: {
    authScopes: ({ viewer }) => ({ admin: isAdmin(viewer), signedIn: isSignedIn(viewer) }),
    authorizeOnSubscribe: true,
    unauthorizedError: (_parent, { viewer }, { fieldName }) => denied(viewer, fieldName),
  },
});

/** Marks a field whose answer depends on who asks: an execution that shows it is shared with nobody else. */
export const PER_VIEWER = { extensions: { perViewer: true } };
/** The same for what belongs to spaces: of a tracked job it is null for everybody. */
export const PER_VIEWER_OF_SPACES = { extensions: { perViewer: true, ofSpaces: true } };

builder.queryType({ description: 'What can be asked.' });
builder.mutationType({ description: 'What can be done.' });
builder.subscriptionType({ description: 'What can be watched.' });
