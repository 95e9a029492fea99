import type { CodegenConfig } from '@graphql-codegen/cli';

const scalars = { ID: 'string', DateTime: 'string', JSON: '../json.ts#Json', File: 'string' };

/** Typed documents for the SDK: the one bridge between the server and its clients is schema.graphql. */
const config: CodegenConfig = {
  schema: 'schema.graphql',
  generates: {
    'client/sdk/gql/': {
      documents: ['client/sdk/documents.ts', 'client/sdk/access-documents.ts'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: { useTypeImports: true, enumsAsTypes: true, scalars, importExtension: '.ts' },
    },
    'client/web/gql/': {
      documents: ['client/web/**/*.tsx'],
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { ...scalars, JSON: '../../sdk/json.ts#Json' },
        importExtension: '.ts',
      },
    },
    // The client preset leaves out what no operation mentions, and ErrorCode is only ever met in extensions.
    'client/sdk/gql/enums.ts': {
      plugins: ['typescript'],
      config: { onlyEnums: true, enumsAsTypes: true },
    },
  },
};

export default config;
