import type { Random } from '../random.ts';
import { hostileDocument } from './documents.ts';
import { CHUNKS, HEADERS, METHODS, PATHS } from './request-parts.ts';
import type { Values } from './values.ts';

const QUERY = '{"query":"{ viewer { name } }"}';
const HOST = 'host: localhost';
const JSON_TYPE = 'content-type: application/json';
const CLOSE = 'connection: close';

const head = (first: string, ...headers: string[]): string => `${[first, ...headers].join('\r\n')}\r\n\r\n`;
const post = (body: string | Buffer, ...headers: string[]): Buffer =>
  Buffer.concat([
    Buffer.from(
      head('POST /graphql HTTP/1.1', HOST, ...headers, `content-length: ${Buffer.byteLength(body)}`, CLOSE),
      'latin1',
    ),
    Buffer.from(body),
  ]);
const get = (path: string, ...headers: string[]): Buffer =>
  Buffer.from(head(`GET ${path} HTTP/1.1`, HOST, ...headers, CLOSE), 'latin1');

const chunked = (...parts: string[]): Buffer =>
  Buffer.from(
    `${head('POST /graphql HTTP/1.1', HOST, JSON_TYPE, 'transfer-encoding: chunked', CLOSE)}${parts.join('')}`,
    'latin1',
  );

const form = (...lines: string[]): Buffer => post(lines.join('\r\n'), 'content-type: multipart/form-data; boundary=b');
const part = (name: string, body: string): string[] => [
  '--b',
  `content-disposition: form-data; name="${name}"`,
  '',
  body,
];
const OPERATIONS =
  '{"query":"mutation ($f: [File!]) { reportComplete(input: { job: \\"x\\", files: $f }) { id } }","variables":{"f":[null]}}';

type Make = (random: Random, values: Values) => Buffer[];

const SMUGGLED = head('GET /stats HTTP/1.1', HOST, 'x-smuggled: 1');

const SHAPES: readonly Make[] = [
  // A method, a path and a few headers that hardly go together.
  ({ pick, integer }) => [
    Buffer.from(
      head(
        `${pick(METHODS)} ${pick(PATHS)} HTTP/1.1`,
        HOST,
        ...Array.from({ length: integer(0, 4) }, () => pick(HEADERS)),
        CLOSE,
      ),
      'latin1',
    ),
  ],
  ({ pick, integer }) => [get(pick(PATHS), ...Array.from({ length: integer(0, 2) }, () => pick(HEADERS)))],
  ({ pick }) => [get(pick(['/', '/graphql', '/files/x/y', '/health']), pick(HEADERS), 'accept: text/html')],
  ({ pick }) => [
    Buffer.from(
      head(
        `GET /health ${pick(['HTTP/1.0', 'HTTP/0.9', 'HTTP/2.0', 'HTTP/9.9', 'HTTP/1.1 x', 'http/1.1', 'HTTP/', '', 'HTP/1.1'])}`,
        pick([HOST, 'x: y']),
        CLOSE,
      ),
    ),
  ],
  ({ pick, integer }) => [post(QUERY, ...Array.from({ length: integer(0, 3) }, () => pick(HEADERS)), JSON_TYPE)],
  // Bodies that are no requests.
  (_random, values) => [post(values.bytes(300), JSON_TYPE)],
  (random) => [
    post(
      Buffer.concat([
        Buffer.from('{"query":"{ viewer { name } }","x":"'),
        Buffer.from([0xff, 0xfe, 0xc0, 0xaf, 0xed, 0xa0, 0x80]),
        Buffer.from('"}'),
      ]),
      JSON_TYPE,
    ),
    ...(random.next() < 0.5 ? [Buffer.from('trailing')] : []),
  ],
  (_random, values) => [post(JSON.stringify(values.value()) ?? 'null', JSON_TYPE)],
  (_random, values) => [
    post(
      JSON.stringify({
        query: values.value(),
        variables: values.value(),
        operationName: values.value(),
        extensions: values.value(),
      }),
      JSON_TYPE,
    ),
  ],
  (_random, values) => [post(JSON.stringify([{ query: '{ viewer { id } }' }, values.value()]), JSON_TYPE)],
  ({ integer }) => [post(`${'['.repeat(integer(1, 100_000))}`, JSON_TYPE)],
  ({ integer }) => [post(`{"query":"{ viewer { id } }","variables":${'{"a":'.repeat(integer(1, 50_000))}1`, JSON_TYPE)],
  ({ integer }) => [
    post(
      `{"query":"{ viewer { id } }","variables":{"a":${'{"a":'.repeat(20_000)}1${'}'.repeat(20_000)}}}`.slice(
        integer(0, 1),
      ),
      JSON_TYPE,
    ),
  ],
  (_random, values) => [
    post(
      `{"__proto__":{"query":"{ viewer { id } }"},"constructor":{"prototype":{"x":1}},"variables":${JSON.stringify(values.value()) ?? 1}}`,
      JSON_TYPE,
    ),
  ],
  ({ pick }) => [post(`{"query":"{ viewer { id } }","query":${pick(['1', 'null', '"{"', '[]'])}}`, JSON_TYPE)],
  // Cut short.
  ({ integer }) => {
    const whole = post(QUERY, JSON_TYPE);
    return [whole.subarray(0, integer(0, whole.length - 1))];
  },
  ({ integer }) => [
    Buffer.from(head('POST /graphql HTTP/1.1', HOST, JSON_TYPE, `content-length: ${integer(100, 10_000)}`)),
    Buffer.from(QUERY),
  ],
  // Larger than it may be, whether it comes or not.
  ({ pick }) => [
    Buffer.from(
      head(
        'POST /graphql HTTP/1.1',
        HOST,
        JSON_TYPE,
        `content-length: ${pick(['33554433', '9007199254740991', '99999999999'])}`,
      ),
    ),
    Buffer.alloc(2000, 32),
  ],
  // One request within another.
  () => [
    Buffer.from(
      `${head('POST /graphql HTTP/1.1', HOST, JSON_TYPE, `content-length: ${QUERY.length}`, 'transfer-encoding: chunked')}0\r\n\r\n${SMUGGLED}`,
    ),
  ],
  () => [
    Buffer.from(
      `${head('POST /graphql HTTP/1.1', HOST, JSON_TYPE, 'transfer-encoding: chunked', 'content-length: 4')}5c\r\n${SMUGGLED}`,
    ),
  ],
  ({ pick }) => [
    Buffer.from(
      `${head('POST /graphql HTTP/1.1', HOST, JSON_TYPE, `content-length: ${pick(['0', '1', '3'])}`)}${QUERY}${SMUGGLED}`,
    ),
  ],
  ({ pick }) => [
    Buffer.from(
      `GET /health HTTP/1.1${pick(['\n', '\r', '\r\r\n', '\u000b', '\u0000'])}host: localhost${pick(['\n\n', '\r\n\n', '\r\r', '\n\r\n'])}${SMUGGLED}`,
    ),
  ],
  () => [
    Buffer.from(`GET /health HTTP/1.1\r\nhost: localhost\r\n x: folded\r\ncontent-length:\t5\r\n\r\n12345${SMUGGLED}`),
  ],
  // Many at once, without waiting for answers.
  ({ integer, pick }) => [
    ...Array.from({ length: integer(2, 20) }, () =>
      Buffer.from(
        head(
          `GET ${pick(['/health', '/nothing', '/files/a/b', '/graphql?query=%7Bviewer%7Bid%7D%7D'])} HTTP/1.1`,
          HOST,
        ),
      ),
    ),
    get('/health'),
  ],
  ({ integer }) => [
    ...Array.from({ length: integer(2, 10) }, () =>
      Buffer.from(`${head('POST /graphql HTTP/1.1', HOST, JSON_TYPE, `content-length: ${QUERY.length}`)}${QUERY}`),
    ),
    Buffer.from('garbage\r\n\r\n'),
  ],
  ({ pick, integer }) => [chunked(...Array.from({ length: integer(1, 4) }, () => pick(CHUNKS)))],
  ({ pick, integer }) => [
    Buffer.from(
      `${head('POST /files?name=x HTTP/1.1', HOST, 'transfer-encoding: chunked', CLOSE)}${Array.from({ length: integer(1, 4) }, () => pick(CHUNKS)).join('')}`,
      'latin1',
    ),
  ],
  // Forms.
  ({ pick }) => [
    form(
      ...part('operations', OPERATIONS),
      ...part(
        'map',
        pick([
          '{"0":["variables.f.0"]}',
          '{"0":["__proto__.x"]}',
          '{"0":["constructor.prototype.x"]}',
          '{"0":["variables.f.__proto__.y"]}',
          '{"0":"x"}',
          '{"0":[1]}',
          '[]',
          'null',
          '5',
          '{',
          '{"0":["variables.f.0.length.x"]}',
          '{"0":["query"]}',
          '{"__proto__":["variables.f.0"]}',
          '{"0":["variables.f.4294967294"]}',
          '{"0":["variables.f.length"]}',
          '{"0":["variables.f.-1"]}',
          '{"0":[]}',
        ]),
      ),
      '--b',
      'content-disposition: form-data; name="0"; filename="x"',
      '',
      'x',
      '--b--',
      '',
    ),
  ],
  ({ pick }) => [
    form(
      ...part('operations', pick(['', '{', 'null', '5', '[]', '[null]', '{"query":5}', '"x"', '{"__proto__":{}}'])),
      ...part('map', '{"0":["variables.f.0"]}'),
      ...part('0', 'x'),
      '--b--',
      '',
    ),
  ],
  () => [form(...part('map', '{"0":["variables.f"]}'), ...part('operations', OPERATIONS), '--b--', '')],
  ({ integer }) => [
    form(...Array.from({ length: integer(10, 2000) }, (_, n) => part(`${n}`, 'x')).flat(), '--b--', ''),
  ],
  ({ integer }) => [
    form(...part('operations', OPERATIONS), ...part('map', '{"0":["variables.f.0"]}')).subarray(0, integer(100, 400)),
  ],
  ({ pick }) => [
    form(
      pick(['--b', '--b--', '', '--x', '\u0000', '--b\r\n\r\n', '--b\r\ncontent-disposition: form-data\r\n\r\nx']),
      pick(['--b--', '', '--b']),
    ),
  ],
  // Uploads.
  ({ pick }, values) => [
    Buffer.from(
      head(
        `POST /files?name=${pick(['..%2f..%2fx', '%00', '%ff', 'x'.repeat(3000), '.', '..', 'con', '%F0%9F%92%A5', 'x%0d%0ay', '%ED%A0%80', ''])} HTTP/1.1`,
        HOST,
        pick([
          'content-type: image/png',
          'content-type: \u00ff',
          `content-type: ${'x'.repeat(4000)}`,
          'x: y',
          'content-type: text/html',
        ]),
        'content-length: 3',
        CLOSE,
      ),
      'latin1',
    ),
    values.bytes(6),
  ],
  ({ pick }) => [
    Buffer.from(
      head(
        'POST /files HTTP/1.1',
        HOST,
        `content-type: multipart/form-data${pick(['', '; boundary=', '; boundary=b', ';boundary="', '; boundary=\u00ff'])}`,
        'content-length: 40',
        CLOSE,
      ),
      'latin1',
    ),
    Buffer.from(`--b\r\ncontent-disposition: form-data; name="file"`.slice(0, 40)),
  ],
  ({ pick }) => {
    const body = [
      '--b',
      `content-disposition: form-data; name="${pick(['file', '__proto__', ''])}"; filename="${pick(['../x', '', '\u0000', '"', 'x'.repeat(2000)])}"`,
      `content-type: ${pick(['', 'x', 'text/html', '\u00ff/\u00ff'])}`,
      '',
      'x',
      pick(['--b--', '--b', '']),
    ].join('\r\n');
    return [
      Buffer.from(
        `${head('POST /files HTTP/1.1', HOST, 'content-type: multipart/form-data; boundary=b', `content-length: ${body.length}`, CLOSE)}${body}`,
        'latin1',
      ),
    ];
  },
  // No HTTP at all.
  (_random, values) => [values.bytes(600)],
  () => [Buffer.from('\u0016\u0003\u0001\u0002\u0000\u0001\u0000\u0001\u00fc\u0003\u0003', 'latin1')],
  () => [Buffer.from('PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'), Buffer.alloc(20)],
  () => [Buffer.from('*1\r\n$8\r\nFLUSHALL\r\n')],
  ({ integer }) => [
    Buffer.from(
      `GET / HTTP/1.1\r\n${Array.from({ length: integer(50, 4000) }, (_, n) => `x${n}: y`).join('\r\n')}\r\n${HOST}\r\n${CLOSE}\r\n\r\n`,
    ),
  ],
  // Documents in an address.
  (random, values) => [
    get(
      `/graphql?query=${encodeURIComponent(hostileDocument(random, values).slice(0, 3000).toWellFormed())}&variables=${encodeURIComponent(JSON.stringify(values.value())?.slice(0, 2000).toWellFormed() ?? '')}`,
    ),
  ],
  ({ pick }, values) => [
    get(
      `/graphql?query=${encodeURIComponent('query ($id: ID!) { job(id: $id) { id } }')}&variables=${encodeURIComponent(JSON.stringify({ id: values.value() }).slice(0, 4000).toWellFormed())}`,
      pick(HEADERS),
    ),
  ],
];

/** What is sent over one connection, whether a request can be seen in it or not: of each kind in turn. */
export const hostileRequest = (random: Random, values: Values, turn: number): Buffer[] =>
  SHAPES[turn % SHAPES.length]!(random, values);
