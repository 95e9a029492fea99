import type { CodegenConfig } from '@graphql-codegen/cli';

/** The page's own documents, typed by the schema that comes with the package. */
const config: CodegenConfig = {
  schema: 'node_modules/spacedock/schema.graphql',
  documents: ['src/*.tsx'],
  generates: {
    'src/gql/': {
      preset: 'client',
      presetConfig: { fragmentMasking: false },
      config: {
        useTypeImports: true,
        enumsAsTypes: true,
        scalars: { ID: 'string', DateTime: 'string', JSON: 'unknown' },
      },
    },
  },
};

export default config;
