import SchemaBuilder from '@pothos/core';
import type { Instant } from '../domain/json.ts';
import type { IncomingFile } from '../service/files.ts';
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
}>({ defaultFieldNullability: false });

builder.queryType({ description: 'What can be asked.' });
builder.mutationType({ description: 'What can be done.' });
builder.subscriptionType({ description: 'What can be watched.' });
