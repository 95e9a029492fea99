import { expect, test } from 'vitest';
import { bmpToPpm } from '../../client/examples/ocr/bmp.ts';
import { UnreadableImage } from '../../client/examples/ocr/unreadable-image.ts';

interface Bitmap {
  width: number;
  height: number;
  bits: number;
  compression?: number;
  palette?: number[];
  rows: number[];
}

function bitmap({ width, height, bits, compression = 0, palette = [], rows }: Bitmap): Uint8Array {
  const head = Buffer.alloc(54);
  head.write('BM');
  head.writeUInt32LE(54 + palette.length, 10);
  head.writeUInt32LE(40, 14);
  head.writeInt32LE(width, 18);
  head.writeInt32LE(height, 22);
  head.writeUInt16LE(1, 26);
  head.writeUInt16LE(bits, 28);
  head.writeUInt32LE(compression, 30);
  return Buffer.concat([head, Buffer.from(palette), Buffer.from(rows)]);
}

/** Two rows, from the top: red, green; blue, white. */
const PPM = ['P6\n2 2\n255\n', 'ff0000', '00ff00', '0000ff', 'ffffff'];
const expected = Buffer.concat(PPM.map((part, index) => Buffer.from(part, index === 0 ? 'latin1' : 'hex')));
const [red, green, blue, white] = [
  [0, 0, 255],
  [0, 255, 0],
  [255, 0, 0],
  [255, 255, 255],
] as const;
const palette = [red, green, blue, white].flatMap((colour) => [...colour, 0]);

const kinds: [string, Bitmap][] = [
  ['24 bits', { width: 2, height: 2, bits: 24, rows: [...blue, ...white, 0, 0, ...red, ...green, 0, 0] }],
  [
    '24 bits, from the top',
    { width: 2, height: -2, bits: 24, rows: [...red, ...green, 0, 0, ...blue, ...white, 0, 0] },
  ],
  ['32 bits', { width: 2, height: 2, bits: 32, rows: [...blue, 9, ...white, 9, ...red, 9, ...green, 9] }],
  ['8 bits', { width: 2, height: 2, bits: 8, palette, rows: [2, 3, 0, 0, 0, 1, 0, 0] }],
  ['4 bits', { width: 2, height: 2, bits: 4, palette, rows: [0x23, 0, 0, 0, 0x01, 0, 0, 0] }],
];

test.for(kinds)('a bitmap of %s keeps its colours and its rows', ([, kind]) => {
  expect(Buffer.from(bmpToPpm(bitmap(kind)))).toEqual(expected);
});

test('a bitmap of 1 bit keeps its pixels', () => {
  const ppm = bmpToPpm(bitmap({ width: 9, height: 1, bits: 1, palette, rows: [0b01000001, 0b10000000, 0, 0] }));
  const pixels = Buffer.from(ppm).subarray('P6\n9 1\n255\n'.length).toString('hex').match(/.{6}/g);
  expect(pixels?.map((pixel) => (pixel === '00ff00' ? 1 : 0))).toEqual([0, 1, 0, 0, 0, 0, 0, 1, 1]);
});

test.for([
  ['cut short', bitmap({ width: 2, height: 2, bits: 24, rows: [1, 2, 3] })],
  ['without a width', bitmap({ width: 0, height: 2, bits: 24, rows: [] })],
  ['compressed', bitmap({ width: 2, height: 2, bits: 8, compression: 1, palette, rows: [2, 3, 0, 0, 0, 1, 0, 0] })],
  ['only its two letters', Buffer.from('BM')],
] as const)('a bitmap that is %s is refused', ([, bytes]) => {
  expect(() => bmpToPpm(bytes)).toThrow(UnreadableImage);
});
