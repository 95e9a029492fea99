import { type ExecutionArgs, type GraphQLError, getOperationAST, getVariableValues } from 'graphql';

/**
 * So many of the things that are wrong with the variables of an operation are told at most: each is told with the value, and that may be
 * all that was sent.
 */
export const MAX_VARIABLE_ERRORS = 5;

/** What is wrong with the variables; nothing: the operation may be executed with them. */
export function checkVariables({
  schema,
  document,
  operationName,
  variableValues,
}: ExecutionArgs): readonly GraphQLError[] {
  const definitions = getOperationAST(document, operationName)?.variableDefinitions ?? [];
  const { errors } = getVariableValues(schema, definitions, variableValues ?? {}, { maxErrors: MAX_VARIABLE_ERRORS });
  return errors ?? [];
}
