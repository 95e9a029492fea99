import { type DocumentNode, Lexer, parse, Source, TokenKind } from 'graphql';
import { Refusal } from '../domain/refusal.ts';
import { refusalError } from './errors.ts';

/** Brackets may be nested this deep: the parser, and what comes after it, recurse. */
const MAX_NESTING = 100;

const OPENING = new Set<string>([TokenKind.BRACE_L, TokenKind.BRACKET_L, TokenKind.PAREN_L]);
const CLOSING = new Set<string>([TokenKind.BRACE_R, TokenKind.BRACKET_R, TokenKind.PAREN_R]);

/** A document within bounds, or a GraphQLError. What is too long or too deep is refused before it is parsed. */
export function parseDocument(query: string, maxTokens: number): DocumentNode {
  const source = new Source(query);
  const lexer = new Lexer(source);
  let depth = 0;
  for (let tokens = 0; lexer.advance().kind !== TokenKind.EOF; ) {
    if (++tokens > maxTokens) {
      const message = `A document may have ${maxTokens} tokens: names, values and signs (MAX_QUERY_TOKENS)`;
      throw refusalError(new Refusal('QUERY_TOO_COMPLEX', message, { limit: maxTokens }));
    }
    const { kind } = lexer.token;
    if (OPENING.has(kind)) depth++;
    else if (CLOSING.has(kind)) depth--;
    if (depth > MAX_NESTING) {
      const message = `A document may be nested ${MAX_NESTING} levels deep`;
      throw refusalError(new Refusal('QUERY_TOO_COMPLEX', message, { limit: MAX_NESTING }));
    }
  }
  return parse(source);
}
