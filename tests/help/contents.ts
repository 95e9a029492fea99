import { PNG } from './files.ts';

type Bytes = Buffer<ArrayBuffer>;

const bytes = (...parts: (string | number[])[]): Bytes =>
  Buffer.concat(parts.map((part) => (typeof part === 'string' ? Buffer.from(part) : Buffer.from(part))));

/** An archive of uncompressed files. */
function zip(files: Record<string, string>): Bytes {
  const parts = Object.entries(files).map(([name, text]) => {
    const head = Buffer.alloc(30);
    head.writeUInt32LE(0x04034b50, 0);
    head.writeUInt16LE(20, 4);
    head.writeUInt32LE(text.length, 18);
    head.writeUInt32LE(text.length, 22);
    head.writeUInt16LE(name.length, 26);
    return Buffer.concat([head, Buffer.from(name), Buffer.from(text)]);
  });
  return Buffer.concat([...parts, bytes('PK', [5, 6], Array(18).fill(0))]);
}

const DOCX = 'application/vnd.openxmlformats-officedocument.wordprocessingml.document';

/** Files as they begin in the world. */
export const contents = {
  png: PNG,
  jpeg: bytes([0xff, 0xd8, 0xff, 0xe0, 0, 16], 'JFIF', [0, 1]),
  gif: bytes('GIF89a', [1, 0, 1, 0, 0, 0, 0, 0x3b]),
  pdf: bytes('%PDF-1.7\n', [0x25, 0xe2, 0xe3, 0xcf, 0xd3], '\n1 0 obj'),
  /** With a cover of 300 kB in front of the sound. */
  mp3: bytes(
    'ID3',
    [4, 0, 0, 0x00, 0x12, 0x27, 0x60],
    Array(300_000).fill(0x7f),
    [0xff, 0xfb, 0x90, 0x64],
    Array(600).fill(0),
  ),
  wav: bytes('RIFF', [36, 0, 0, 0], 'WAVEfmt ', [16, 0, 0, 0, 1, 0, 1, 0]),
  mp4: bytes([0, 0, 0, 24], 'ftypisom', [0, 0, 2, 0], 'isommp41'),
  zip: zip({ 'a.txt': 'a' }),
  /** With a thumbnail of 40 kB in front of what says what it is. */
  docx: zip({
    'docProps/thumbnail.jpeg': 'x'.repeat(40_000),
    '[Content_Types].xml': `<Types><Override PartName="/word/document.xml" ContentType="${DOCX}.main+xml"/></Types>`,
    'word/document.xml': '<w/>',
  }),
  ppm: bytes('P6\n# made by hand\n1 1\n255\n', [0, 1, 2]),
  svg: bytes('<?xml version="1.0"?>\n<!-- a > b -->\n<svg xmlns="http://www.w3.org/2000/svg"><script>1</script></svg>'),
  html: bytes('\ufeff <!-- --><!DOCTYPE html><script>1</script>'),
  xml: bytes('<?xml version="1.0"?><data/>'),
  json: bytes('{"a": [1, "é"]}'),
  csv: bytes('name,price\nä,1\n'),
  latin1: Buffer.from('name,price\nä,1\n', 'latin1'),
  utf16: bytes([0xff, 0xfe], [...Buffer.from('name;price\n', 'utf16le')]),
  /** Begins like a bitmap, like a program, like a sound. */
  prose: bytes('BMW, MZ and ID3 are what this text begins with, and nothing more.'),
  script: bytes('alert(1)'),
  /** A picture to who looks at six letters, a script to who runs it. */
  polyglot: bytes('GIF89a=1;alert(1)'),
  noise: bytes([0, 1, 2, 3, 0xfe, 0xfd, 0xfc]),
  empty: bytes(''),
} as const;

export type ContentName = keyof typeof contents;
