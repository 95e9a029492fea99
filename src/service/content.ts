import { isUtf8 } from 'node:buffer';
import { type FileTypeResult, fileTypeFromBuffer, fileTypeFromFile } from 'file-type';
import { bare, type Content } from '../domain/media-type.ts';

/** As much of the beginning is kept for what has no marks but its first words. */
const HEAD_BYTES = 16 * 1024;
/** A look into an archive that takes longer than this is given up. */
const LOOK_MS = 5000;

/** Bytes that no text has, in whatever encoding (https://mimesniff.spec.whatwg.org/#binary-data-byte). */
const isBinary = (byte: number): boolean => byte < 0x20 && ![0x09, 0x0a, 0x0c, 0x0d, 0x1b].includes(byte);

export type Look = ReturnType<typeof createLook>;

/** Takes a file as it streams by, and says in the end what it is. */
export function createLook() {
  let head = Buffer.alloc(0);
  /** The beginning of a character whose end is in the next chunk. */
  let cut = Buffer.alloc(0);
  let utf8 = true;
  let zeros = false;

  function take(chunk: Buffer): void {
    if (head.length < HEAD_BYTES) head = Buffer.concat([head, chunk.subarray(0, HEAD_BYTES - head.length)]);
    zeros ||= chunk.includes(0);
    if (!utf8 || zeros) return;
    const text = cut.length > 0 ? Buffer.concat([cut, chunk]) : chunk;
    const whole = text.length - unfinished(text);
    cut = Buffer.from(text.subarray(whole));
    utf8 = isUtf8(text.subarray(0, whole));
  }

  return {
    take,

    /** `path`: where the whole of it lies by now. Some formats say what they are far from their beginning. */
    async content(path: string): Promise<Content> {
      // UTF-16 is full of zeros, and tells itself by its first two bytes.
      const wide = head.length >= 2 && (head.readUInt16BE() === 0xfeff || head.readUInt16BE() === 0xfffe);
      // In an encoding of old, like a table that a spreadsheet writes: as browsers do, by how it begins.
      const text = wide || (!zeros && ((utf8 && cut.length === 0) || !head.some(isBinary)));
      const found = await marks(path, head);
      if (!text) return { recognised: found ?? (netpbm(head.toString('latin1')) ? NETPBM : null), text };
      // Many marks are two or three letters with which a sentence may begin too.
      const written = found !== null && WRITTEN.has(found) ? found : null;
      if (written !== null && written !== 'application/xml') return { recognised: written, text };
      const begin = head.toString(wide ? 'utf16le' : 'utf8');
      return { recognised: markup(begin) ?? (netpbm(begin) ? NETPBM : written), text };
    },
  };
}

/** How many bytes at the end belong to a character that is not whole yet. */
function unfinished(text: Buffer): number {
  for (let back = 1; back <= Math.min(3, text.length); back++) {
    const byte = text[text.length - back]!;
    if (byte >= 0xc0) return back < (byte >= 0xf0 ? 4 : byte >= 0xe0 ? 3 : 2) ? back : 0;
    if (byte < 0x80) return 0;
  }
  return 0;
}

async function marks(path: string, head: Buffer): Promise<string | null> {
  const found = await fileTypeFromFile(path, { signal: AbortSignal.timeout(LOOK_MS) }).catch(
    (): Promise<FileTypeResult | undefined> => fileTypeFromBuffer(head).catch(() => undefined),
  );
  return found ? bare(found.mime) : null;
}

/** Formats that are written in letters. */
const WRITTEN = new Set([
  'application/pdf',
  'application/postscript',
  'application/eps',
  'application/rtf',
  'application/xml',
  'application/x-ms-regedit',
  'text/calendar',
  'text/vcard',
  'text/vtt',
  'model/stl',
]);

const PAGE = /^<(!doctype\s+html|html|head|body|title|script|style|iframe|meta|link|table|div|font|h1|br|p|a|b)\b/i;

/** What a text is that begins with markup: SVG and pages are known by their first element. */
function markup(begin: string): string | null {
  const prolog = /^\s*<\?xml\s/.test(begin.replace(/^\ufeff/, ''));
  let rest = begin.replace(/^\ufeff?\s*/, '');
  for (;;) {
    const skipped = rest.replace(/^(<\?[^>]*>|<!--[\s\S]*?-->)\s*/, '');
    if (skipped === rest) break;
    rest = skipped;
  }
  if (PAGE.test(rest)) return 'text/html';
  if (/^(<!doctype\s+svg\b|<([\w-]{1,50}:)?svg[\s>/])/i.test(rest)) return 'image/svg+xml';
  const root = /^<!doctype[^[>]*(\[[^\]]*\]\s*)?>\s*/i.exec(rest);
  if (root && /^<([\w-]{1,50}:)?svg[\s>/]/i.test(rest.slice(root[0].length))) return 'image/svg+xml';
  return prolog ? 'application/xml' : null;
}

const NETPBM = 'image/x-portable-anymap';

/** The portable pixmaps of Netpbm, which file-type does not know. */
const netpbm = (begin: string): boolean => /^P[1-7]\s+(#[^\n]*\n\s*)*(\d+\s+\d+|WIDTH)\s/.test(begin);
