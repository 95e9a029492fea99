import type { IncomingMessage, ServerResponse } from 'node:http';
import { type ExecutionArgs, type ExecutionResult, GraphQLError } from 'graphql';
import { createYoga, type GraphQLParams, isAsyncIterable, type Plugin } from 'graphql-yoga';
import type { Config } from '../config.ts';
import { badInput, Refusal } from '../domain/refusal.ts';
import type { Asker, Context } from '../graphql/context.ts';
import type { Documents } from '../graphql/documents.ts';
import { maskError, refusalError } from '../graphql/errors.ts';
import { schema } from '../graphql/schema.ts';
import { misplacedUpload, placeUploads } from '../graphql/uploads.ts';
import { checkVariables } from '../graphql/variables.ts';
import { subscribe } from '../live/patient.ts';
import type { Watch } from '../live/watch.ts';
import type { Log } from '../log.ts';
import type { Services } from '../service/services.ts';
import type { AddressLimit } from './address-limit.ts';
import type { Doorkeeper } from './doorkeeper.ts';
import { graphiqlPage } from './graphiql.ts';
import { refuseUnread, sendRefusal, statusOf } from './respond.ts';

/** Ends a stream of events. */
function end(result: unknown): void {
  if (!isAsyncIterable(result)) return;
  Promise.resolve((result as AsyncIterableIterator<unknown>).return?.()).catch(() => undefined);
}

/** Ends a stream of events when the request that asked for it is gone. */
function endWith(signal: AbortSignal, result: unknown): void {
  if (signal.aborted) end(result);
  else signal.addEventListener('abort', () => end(result), { once: true });
}

const MEDIA_TYPES = 'application/graphql-response+json and application/json, and for subscriptions text/event-stream';

/** Whether an Accept header lets us answer at all; what exactly may be answered is looked at when there is something. */
const acceptable = (accept = ''): boolean =>
  accept.trim() === '' ||
  /(^|[,\s])(\*\/\*|application\/(\*|json|graphql-response\+json)|text\/(\*|event-stream)|multipart\/(\*|mixed))/i.test(
    accept,
  );

/** A stream of events is cut when nothing of what waits was taken for so long: a minute, by default. */
const STOPPED_KEEPALIVES = 12;

const notAcceptable = () => badInput('Accept', `served are ${MEDIA_TYPES} (or use a WebSocket)`);

/** A request as a query string has it; what must be JSON there and is not is refused by its name. */
function parametersOf(search: URLSearchParams): GraphQLParams {
  const text = (name: string) => search.get(name) || undefined;
  const json = (name: string) => {
    try {
      return JSON.parse(text(name) ?? 'null') ?? undefined;
    } catch {
      throw refusalError(badInput(name, 'send a JSON object'), { status: 400 });
    }
  };
  return {
    query: text('query'),
    operationName: text('operationName'),
    variables: json('variables'),
    extensions: json('extensions'),
  };
}

type Parser = NonNullable<Parameters<NonNullable<Plugin['onRequestParse']>>[0]['requestParser']>;

/** Reads a form as Yoga does, but for the places of files: Yoga puts them wherever it is told, and trips over what is no place. */
function formParser(parse: Parser): Parser {
  return async (request) => {
    const form = request.formData();
    const withoutMap = async () => {
      const sent = await form;
      return { get: (name: string) => (name === 'map' ? null : sent.get(name)) };
    };
    const params = await parse({ formData: withoutMap } as unknown as Request);
    try {
      placeUploads(params, await form);
    } catch (error) {
      throw error instanceof Refusal ? refusalError(error, { status: statusOf(error) }) : error;
    }
    return params;
  };
}

/** Errors of our own making, which say how the transport is to answer. */
function wrongVariables(args: ExecutionArgs): readonly GraphQLError[] {
  const errors = checkVariables(args);
  for (const { extensions } of errors) extensions.http = { status: 400 };
  return errors;
}

/** What Yoga is given beside the request as it sees it. */
interface ServerContext {
  req: IncomingMessage;
  res: ServerResponse;
  asker: Asker;
  /** The answer is a stream, which goes on as long as its reader takes it and its credentials are worth what they were. */
  begin(): void;
  /** The operation is here, and is executed. */
  arrived(): void;
}

export interface GraphqlParts {
  documents: Documents;
  doorkeeper: Doorkeeper;
  addresses: AddressLimit;
}

/** GraphQL over HTTP (https://graphql.github.io/graphql-over-http/), with subscriptions over SSE, multipart requests and GraphiQL. */
export function createGraphqlRoute(services: Services, watch: Watch, config: Config, log: Log, parts: GraphqlParts) {
  const { limits } = config;
  const { documents, doorkeeper, addresses } = parts;
  const graphiql = config.graphiql ? graphiqlPage() : () => false;
  const streams = new Set<ServerResponse>();

  const plugin: Plugin = {
    onRequestParse({ request, url, requestParser, setRequestParser }) {
      if (request.method === 'GET') return setRequestParser(() => parametersOf(url.searchParams));
      if (request.method !== 'POST') return;
      const type = request.headers.get('content-type');
      if (requestParser && type?.startsWith('multipart/form-data')) return setRequestParser(formParser(requestParser));
      // Yoga takes a form too. Any page may send one without being asked where it comes from, and GraphQL has no use for it.
      const form = type?.startsWith('application/x-www-form-urlencoded');
      if (requestParser && !form) return;
      const refusal = badInput('Content-Type', 'send application/json, or multipart/form-data with files');
      throw refusalError(refusal, { status: 415 });
    },
    onParams({ params, setParams }) {
      try {
        const query = documents.textOf(params ?? {});
        if (query !== undefined) setParams({ ...params, query });
      } catch (error) {
        throw error instanceof Refusal ? refusalError(error, { status: statusOf(error) }) : error;
      }
    },
    onParse: ({ setParseFn }) => setParseFn(documents.parse),
    onValidate: ({ setValidationFn }) => setValidationFn((_schema, document) => documents.check(document)),
    onExecute({ args, setResultAndStopExecution }) {
      const refusal = misplacedUpload(args);
      const errors = refusal ? [refusalError(refusal, { status: 400 })] : wrongVariables(args);
      if (errors.length > 0) setResultAndStopExecution({ errors });
    },
    // A page that left before its subscription was there: nobody else would end it.
    onSubscribe({ args, setSubscribeFn, setResultAndStopExecution }) {
      setSubscribeFn(subscribe);
      const errors = wrongVariables(args);
      if (errors.length > 0) {
        setResultAndStopExecution({ errors });
        return;
      }
      const { request, req, res, begin } = args.contextValue as unknown as ServerContext & { request: Request };
      try {
        res.once('close', addresses.enter(req));
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        setResultAndStopExecution({ errors: [refusalError(error, { status: statusOf(error) })] });
        return;
      }
      begin();
      return { onSubscribeResult: ({ result }) => endWith(request.signal, result) };
    },
    onResultProcess({ result, setResult, resultProcessor, setResultProcessor }) {
      if (!resultProcessor) {
        end(result);
        const answer = { errors: [refusalError(notAcceptable()).toJSON()] };
        const headers = { 'content-type': 'application/json; charset=utf-8' };
        setResultProcessor(
          (_result, { Response }) => new Response(JSON.stringify(answer), { status: 406, headers }),
          'application/json',
        );
        return;
      }
      // What Yoga itself finds wrong with an operation gets a code of our table too.
      const { errors } = result as ExecutionResult;
      if (errors) setResult({ ...(result as ExecutionResult), errors: errors.map(masked) });
    },
  };

  const yoga = createYoga<ServerContext>({
    schema,
    graphqlEndpoint: '/graphql',
    graphiql: false,
    landingPage: false,
    logging: false,
    cors: false,
    maskedErrors: { maskError: (error) => masked(error) },
    // Unbounded in bytes, and sockets are what is to be fast.
    parserAndValidationCache: false,
    // The limit is kept before a body comes here.
    maxRequestBodySize: false,
    plugins: [plugin],
    context: ({ asker, arrived }): Context => {
      arrived();
      return { services, watch, ...asker };
    },
  });

  function masked(error: unknown): GraphQLError {
    const { message, extensions: found = {} } = maskError(error, (cause) => {
      services.counters.errors++;
      log.error({ err: cause }, 'An operation failed unexpectedly');
    });
    const {
      nodes,
      source,
      positions,
      path,
      extensions: before,
    } = error instanceof GraphQLError ? error : new GraphQLError('');
    // What a body that is no JSON made Yoga trip over is its own affair. It is the mark by which Yoga answers application/json with
    // the status too: without it the status says so itself.
    const { originalError, ...extensions } = found;
    // How the transport is to answer is Yoga's to know.
    const http = before.http ? { http: originalError ? { ...before.http, spec: false } : before.http } : {};
    return new GraphQLError(message, { nodes, source, positions, path, extensions: { ...extensions, ...http } });
  }

  /**
   * Comments between SSE events, which no client shows and no proxy calls silence. A reader that has stopped gets none on top of what
   * waits for it, and is cut when it has taken nothing for long.
   */
  function keepAlive(response: ServerResponse): void {
    streams.add(response);
    // nginx keeps nothing back of what says so, however it is set up: neither an event, nor how slowly they are read.
    response.setHeader('x-accel-buffering', 'no');
    let timed = false;
    const timer = setInterval(() => {
      if (!response.headersSent || response.writableEnded) return;
      const events = String(response.getHeader('content-type')).startsWith('text/event-stream');
      if (events && !response.writableNeedDrain) response.write(':\n');
      if (timed) return;
      timed = true;
      response.setTimeout(STOPPED_KEEPALIVES * config.keepaliveMs, () => response.destroy());
    }, config.keepaliveMs);
    response.once('close', () => {
      clearInterval(timer);
      streams.delete(response);
    });
  }

  function checkBody({ headers }: IncomingMessage): void {
    if (Number(headers['content-length'] ?? 0) > limits.body) {
      const message = `A body may have ${limits.body} bytes (MAX_BODY_BYTES); larger files go to POST /files`;
      throw new Refusal('PAYLOAD_TOO_LARGE', message, { limit: limits.body });
    }
    if (headers['transfer-encoding']) {
      throw new Refusal('BAD_USER_INPUT', 'Send the body with a Content-Length', { field: 'Content-Length' });
    }
  }

  return {
    async answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      if (graphiql(request, response)) return;
      // Before anything is done whose answer nobody could read.
      if (!acceptable(request.headers.accept)) return sendRefusal(response, notAcceptable(), 406);
      let asker: Asker;
      try {
        checkBody(request);
        asker = await doorkeeper.welcome(request, response);
      } catch (error) {
        if (!(error instanceof Refusal)) throw error;
        return refuseUnread(request, response, error);
      }
      let begun = false;
      const begin = () => {
        if (begun) return;
        begun = true;
        keepAlive(response);
        doorkeeper.hold(response, asker);
      };
      // What is revoked while the body comes is not done; what is done then is answered, also where it is the end of the asker's session.
      await yoga(request, response, { asker, begin, arrived: doorkeeper.hold(response, asker) });
    },

    /** Bytes that wait for streams which are read slowly. */
    unsent: () => [...streams].reduce((sum, { writableLength }) => sum + writableLength, 0),

    /** Cuts every stream of events. */
    cut(): void {
      for (const response of streams) response.destroy();
    },
  };
}
