/** Grey pixels, 0 to 255, row by row from the top left corner. */
export interface GreyImage {
  width: number;
  height: number;
  pixels: Uint8Array;
}

/** As `.tiff`: uncompressed, one strip (TIFF 6.0, section 4). */
export function toTiff({ width, height, pixels }: GreyImage): Buffer {
  const [SHORT, LONG] = [3, 4];
  const pixelsAt = 8;
  const tags = [
    [256, LONG, width],
    [257, LONG, height],
    [258, SHORT, 8], // bits a sample
    [259, SHORT, 1], // not compressed
    [262, SHORT, 1], // 0 is black
    [273, LONG, pixelsAt],
    [277, SHORT, 1], // samples a pixel
    [278, LONG, height], // rows of the strip
    [279, LONG, pixels.length],
  ];
  const directory = Buffer.alloc(2 + tags.length * 12 + 4);
  directory.writeUInt16LE(tags.length);
  for (const [index, [tag = 0, type = 0, value = 0]] of tags.entries()) {
    const at = 2 + index * 12;
    directory.writeUInt16LE(tag, at);
    directory.writeUInt16LE(type, at + 2);
    directory.writeUInt32LE(1, at + 4);
    directory.writeUInt32LE(value, at + 8);
  }
  const head = Buffer.from('II*\0\0\0\0\0', 'latin1');
  head.writeUInt32LE(pixelsAt + pixels.length, 4);
  return Buffer.concat([head, pixels, directory]);
}

/** As `.bmp`: 8 bits a pixel with a grey palette, rows from the bottom. */
export function toBmp({ width, height, pixels }: GreyImage): Buffer {
  const rowBytes = Math.ceil(width / 4) * 4;
  const pixelsAt = 54 + 256 * 4;
  const bmp = Buffer.alloc(pixelsAt + rowBytes * height);
  bmp.write('BM');
  bmp.writeUInt32LE(bmp.length, 2);
  bmp.writeUInt32LE(pixelsAt, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(width, 18);
  bmp.writeInt32LE(height, 22);
  bmp.writeUInt16LE(1, 26);
  bmp.writeUInt16LE(8, 28);
  for (let grey = 0; grey < 256; grey += 1) bmp.fill(grey, 54 + grey * 4, 57 + grey * 4);
  for (let y = 0; y < height; y += 1) {
    bmp.set(pixels.subarray(y * width, (y + 1) * width), pixelsAt + (height - 1 - y) * rowBytes);
  }
  return bmp;
}

/** As `.gif` with 128 greys. Clears its LZW table before codes would grow beyond eight bits, so that a code is a byte. */
export function toGif({ width, height, pixels }: GreyImage): Buffer {
  const [CLEAR, END] = [128, 129];
  const codes = [];
  for (let at = 0; at < pixels.length; at += 126) {
    codes.push(CLEAR, ...Array.from(pixels.subarray(at, at + 126), (grey) => grey >> 1));
  }
  codes.push(END);
  const chunks = [];
  for (let at = 0; at < codes.length; at += 255) {
    const chunk = codes.slice(at, at + 255);
    chunks.push(Buffer.from([chunk.length, ...chunk]));
  }
  const size = [width & 255, width >> 8, height & 255, height >> 8];
  return Buffer.concat([
    Buffer.from('GIF89a'),
    Buffer.from([...size, 0xf6, 0, 0]),
    Buffer.from(Array.from({ length: 128 * 3 }, (_, at) => Math.floor(at / 3) * 2)),
    Buffer.from([0x2c, 0, 0, 0, 0, ...size, 0, 7]),
    ...chunks,
    Buffer.from([0, 0x3b]),
  ]);
}
