import { defaultFieldResolver, type GraphQLObjectType, type GraphQLResolveInfo, isObjectType } from 'graphql';
import { describe, expect, it } from 'vitest';
import { schema } from '../../src/graphql/schema.ts';

const ROOTS = ['Query', 'Mutation', 'Subscription'];
const TYPES = Object.values(schema.getTypeMap()).filter(
  (type): type is GraphQLObjectType => isObjectType(type) && !type.name.startsWith('__') && !ROOTS.includes(type.name),
);

/** Anything: whatever is asked of it is anything again. */
const anything: unknown = new Proxy(() => undefined, {
  get(_target, key) {
    if (key === 'then') return undefined;
    if (key === Symbol.toPrimitive) return () => 1;
    if (key === Symbol.iterator) return [][Symbol.iterator];
    return anything;
  },
  apply: () => anything,
});

/** What a field's resolver looks at of who asks, and over what. */
async function readsOf(type: GraphQLObjectType, name: string): Promise<string[]> {
  const reads = new Set<string>();
  const context = new Proxy(
    {},
    {
      get(_target, key) {
        if (key === 'viewer' || key === 'address' || key === 'link' || key === 'cookie') reads.add(key);
        return anything;
      },
      ownKeys() {
        reads.add('all of it');
        return [];
      },
    },
  );
  const { resolve = defaultFieldResolver } = type.getFields()[name]!;
  const info = { fieldName: name, parentType: type, schema } as unknown as GraphQLResolveInfo;
  try {
    await resolve(anything, {}, context, info);
  } catch {
    // What it makes of anything is nothing to go by.
  }
  return [...reads];
}

describe('a field whose answer depends on who asks', () => {
  it('is marked, so that no two who watch share it; and what is marked does depend', async () => {
    const reading: string[] = [];
    const marked: string[] = [];
    for (const type of TYPES) {
      for (const { name, extensions } of Object.values(type.getFields())) {
        const reads = await readsOf(type, name);
        if (reads.length > 0) reading.push(`${type.name}.${name}`);
        if (extensions.perViewer) marked.push(`${type.name}.${name}`);
        expect([`${type.name}.${name}`, reads.filter((read) => read !== 'viewer')]).toEqual([
          `${type.name}.${name}`,
          [],
        ]);
      }
    }
    expect(reading.sort()).toEqual(marked.sort());
    expect(marked).toContain('Space.members');
  });
});
