import { CombinedError } from '@urql/core';
import { GraphQLError } from 'graphql';
import { expect, test } from 'vitest';
import { fromGraphQLErrors } from '../../client/sdk/errors.ts';
import { errorCode, SpacedockError } from '../../client/sdk/index.ts';

const refusal = new GraphQLError('no', { extensions: { code: 'QUEUE_FULL' } });

test.each([
  ['a SpacedockError', new SpacedockError('LEASE_LOST', 'gone'), 'LEASE_LOST'],
  ['a GraphQLError', refusal, 'QUEUE_FULL'],
  ['a GraphQLError as JSON', JSON.parse(JSON.stringify(refusal)), 'QUEUE_FULL'],
  ['the list that graphql-ws hands to its sink', [refusal], 'QUEUE_FULL'],
  ['a whole result', { data: null, errors: [refusal] }, 'QUEUE_FULL'],
  ['an urql error of the server', new CombinedError({ graphQLErrors: [refusal] }), 'QUEUE_FULL'],
  [
    'an urql error of the network',
    new CombinedError({ networkError: new SpacedockError('CONNECTION_LOST', 'gone') }),
    'CONNECTION_LOST',
  ],
])('errorCode reads %s', (_, error, code) => {
  expect(errorCode(error)).toBe(code);
});

test.each([
  [new Error('plain')],
  [new GraphQLError('without a code')],
  [[]],
  [undefined],
  [null],
  ['QUEUE_FULL'],
  [42],
])('errorCode of %s is undefined', (error) => {
  expect(errorCode(error)).toBeUndefined();
});

test('a refusal keeps the message, field, limit and retry time of the server', () => {
  const extensions = { code: 'RATE_LIMITED', field: 'input.prompt', limit: 5, retryAfterSeconds: 2 };
  const error = fromGraphQLErrors([{ message: 'Too fast', extensions }]);
  expect(error).toBeInstanceOf(SpacedockError);
  expect({ ...error }).toEqual({ name: 'SpacedockError', ...extensions });
  expect(error.message).toBe('Too fast');
});

test('an error without a code counts as the server failing', () => {
  expect(fromGraphQLErrors([{ message: 'boom' }]).code).toBe('INTERNAL_SERVER_ERROR');
});
