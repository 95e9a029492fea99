import { UnreadableImage } from './unreadable-image.ts';

const UNCOMPRESSED = 0;
const BIT_FIELDS = 3;

/** Whether these bytes begin as a Windows bitmap does. */
export const isBmp = (image: Uint8Array): boolean => image[0] === 0x42 && image[1] === 0x4d;

/**
 * A Windows bitmap as binary PPM (https://netpbm.sourceforge.net/doc/ppm.html). tesseract.js needs ten seconds for a
 * bitmap of one megapixel and refuses larger ones, while a PPM costs it nothing.
 *
 * Takes uncompressed bitmaps of 1, 4, 8, 24 and 32 bits a pixel, bottom-up or top-down. @throws UnreadableImage
 */
export function bmpToPpm(bmp: Uint8Array): Uint8Array {
  const view = new DataView(bmp.buffer, bmp.byteOffset, bmp.byteLength);
  if (bmp.length < 54) throw new UnreadableImage('This BMP image is cut short.');
  const pixelsAt = view.getUint32(10, true);
  const headerBytes = view.getUint32(14, true);
  const width = view.getInt32(18, true);
  const storedHeight = view.getInt32(22, true);
  const height = Math.abs(storedHeight);
  const bits = view.getUint16(28, true);
  const compression = view.getUint32(30, true);
  const known = compression === UNCOMPRESSED ? [1, 4, 8, 24, 32] : compression === BIT_FIELDS ? [32] : [];
  if (headerBytes < 40 || !known.includes(bits))
    throw new UnreadableImage('BMP images of this kind cannot be read; a PNG can.');

  const rowBytes = Math.ceil((width * bits) / 32) * 4;
  if (width <= 0 || height === 0 || pixelsAt + rowBytes * height > bmp.length) {
    throw new UnreadableImage('This BMP image is cut short.');
  }

  const paletteAt = 14 + headerBytes;
  const header = new TextEncoder().encode(`P6\n${width} ${height}\n255\n`);
  const ppm = new Uint8Array(header.length + width * height * 3);
  ppm.set(header);
  let out = header.length;
  for (let y = 0; y < height; y += 1) {
    const row = pixelsAt + rowBytes * (storedHeight > 0 ? height - 1 - y : y);
    for (let x = 0; x < width; x += 1) {
      const at =
        bits >= 24
          ? row + (x * bits) / 8
          : paletteAt +
            4 * (((bmp[row + ((x * bits) >> 3)] ?? 0) >> (8 - bits - ((x * bits) & 7))) & ((1 << bits) - 1));
      // Stored as blue, green, red.
      ppm[out++] = bmp[at + 2] ?? 0;
      ppm[out++] = bmp[at + 1] ?? 0;
      ppm[out++] = bmp[at] ?? 0;
    }
  }
  return ppm;
}
