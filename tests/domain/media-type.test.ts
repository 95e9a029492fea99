import { describe, expect, test } from 'vitest';
import { type Content, fitsName, judgedType, served } from '../../src/domain/media-type.ts';

const text: Content = { recognised: null, text: true };
const bytes: Content = { recognised: null, text: false };
const found = (recognised: string): Content => ({ recognised, text: false });
const written = (recognised: string): Content => ({ recognised, text: true });

describe('the type of a file', () => {
  test.each<[string, string, string, Content, string]>([
    ['what was said, if the content is that', 'image/png', 'a', found('image/png'), 'image/png'],
    ['another than was said', 'text/plain', 'a.txt', found('image/png'), 'image/png'],
    ['another than the name says', '', 'a.txt', found('image/png'), 'image/png'],
    ['what the name says', '', 'a.csv', text, 'text/csv'],
    ['what the name says, of a body that curl sends', 'application/x-www-form-urlencoded', 'a.csv', text, 'text/csv'],
    ['what was said before what the name says', 'text/plain', 'a.csv', text, 'text/plain'],
    ['what the name says where what was said is untrue', 'image/png', 'a.csv', text, 'text/csv'],
    ['a text of no known name', '', 'README', text, 'text/plain'],
    ['a text that says it is a picture', 'image/png', 'a.png', text, 'text/plain'],
    ['bytes that say they are a picture', 'image/png', 'a.png', bytes, 'application/octet-stream'],
    ['bytes that say they are a text', 'text/csv', 'a.csv', bytes, 'application/octet-stream'],
    ['bytes that say they are JSON', '', 'a.json', bytes, 'application/octet-stream'],
    ['a text that says it is a sound', 'audio/mpeg', 'a.mp3', text, 'text/plain'],
    ['a text that says it is a film', 'video/mp4', 'a.mp4', text, 'text/plain'],
    ['a text that says it is a font', 'font/woff2', 'a', text, 'text/plain'],
    ['a text that says it is a PDF', 'application/pdf', 'a.pdf', text, 'text/plain'],
    ['a text that says it is an archive', 'application/zip', 'a.zip', text, 'text/plain'],
    ['a text that says it is a document', '', 'a.docx', text, 'text/plain'],
    ['TypeScript, which is no film', '', 'a.ts', text, 'text/plain'],
    ['a page that says it is a picture', 'image/png', 'a.png', written('text/html'), 'text/html'],
    ['an SVG that says it is a picture', 'image/png', 'a.png', written('image/svg+xml'), 'image/svg+xml'],
    ['an SVG', 'image/svg+xml', 'a.svg', written('image/svg+xml'), 'image/svg+xml'],
    ['no SVG', 'image/svg+xml', 'a.svg', text, 'text/plain'],
    ['a page that is sent as text', 'text/plain', 'a.txt', written('text/html'), 'text/plain'],
    ['XML under a name of its own', 'application/gpx+xml', 'a', written('application/xml'), 'application/gpx+xml'],
    ['a PDF in letters alone', 'text/plain', 'a.txt', written('application/pdf'), 'application/pdf'],
    ['a format nobody else knows', 'application/x-two', 'a', bytes, 'application/x-two'],
    ['the same, in letters', 'application/x-two', 'a', text, 'application/x-two'],
    ['the same, in an archive', 'application/x-two', 'a', found('application/zip'), 'application/x-two'],
    ['the same, that is a picture', 'application/x-two', 'a', found('image/png'), 'image/png'],
    ['bytes of which nothing is known', '', 'a', bytes, 'application/octet-stream'],
    ['one type by its other name', 'image/jpg', 'a', found('image/jpeg'), 'image/jpg'],
    ['sound in a container of films', 'audio/webm', 'a', found('video/webm'), 'audio/webm'],
    ['a document in an archive', '', 'a.docx', found('application/zip'), /* as the name says */ DOCX()],
    ['a document of old', '', 'a.xls', found('application/x-cfb'), 'application/vnd.ms-excel'],
    ['a CSV, as Windows calls it', 'application/vnd.ms-excel', 'a.csv', text, 'text/csv'],
    ['what is said with parameters and in capitals', 'Text/CSV; charset=utf-8', 'a', text, 'text/csv'],
    ['what is said and is no type', 'png', 'a', found('image/png'), 'image/png'],
  ])('is %s', (_what, said, name, content, type) => {
    expect(judgedType(said, name, content, 10)).toBe(type);
  });

  test('of an empty file is what a text may be, and nothing else', () => {
    expect(judgedType('', 'a.csv', text, 0)).toBe('text/csv');
    expect(judgedType('', 'a.png', text, 0)).toBe('application/octet-stream');
    expect(judgedType('', 'a', text, 0)).toBe('application/octet-stream');
  });

  test('may be what the ending of the name says, or not', () => {
    expect(fitsName('a.csv', text)).toBe(true);
    expect(fitsName('a.csv', found('image/png'))).toBe(false);
    expect(fitsName('a.csv', bytes)).toBe(false);
    expect(fitsName('a.png', text)).toBe(false);
    expect(fitsName('a.unheardof', found('image/png'))).toBe(true);
    expect(fitsName('csv', bytes)).toBe(true);
  });
});

test.each<[string, boolean, string]>([
  ['image/png', true, 'image/png'],
  ['image/JPEG; q=1', true, 'image/jpeg'],
  ['audio/mpeg', true, 'audio/mpeg'],
  ['video/mp4', true, 'video/mp4'],
  ['text/plain', true, 'text/plain; charset=utf-8'],
  ['text/csv', false, 'text/csv'],
  ['application/json', false, 'application/json'],
  ['application/zip', false, 'application/zip'],
  [DOCX(), false, DOCX()],
  ...[
    ...['text/html', 'text/xml', 'text/javascript', 'text/css', 'text/x-component', 'text/cache-manifest'],
    ...['image/svg+xml', 'application/xhtml+xml', 'application/xml', 'application/rss+xml', 'application/xslt+xml'],
    ...['application/javascript', 'application/ecmascript', 'application/pdf', 'application/x-shockwave-flash'],
    ...['application/wasm', 'application/java-archive', 'application/hta', 'application/x-httpd-php-script'],
    ...['multipart/related', 'multipart/x-mixed-replace', 'message/rfc822', 'TEXT/HTML', 'text/html ; x'],
    ...['', 'nonsense', 'text/html, image/png', 'image/png\r\nx: y', 'application/mathml+xml', 'x'.repeat(300)],
  ].map((type): [string, boolean, string] => [type, false, 'application/octet-stream']),
])('a file of type %j is shown by a browser: %j; sent as %s', (type, inline, as) => {
  expect(served(type)).toEqual({ inline, type: as });
});

function DOCX(): string {
  return 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';
}
