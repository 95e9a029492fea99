/** Longest name that is kept, in UTF-16 units. */
const MAX_NAME = 255;
/** Control characters, ends of lines, and marks that turn the direction of text: `exe.png` may be `gnp.exe` with one. */
const INVISIBLE = /[\p{Cc}\p{Bidi_Control}\u2028\u2029\ufeff]/gu;
/** Devices on Windows, with whatever ending (https://learn.microsoft.com/windows/win32/fileio/naming-a-file). */
const DEVICE = /^(con|prn|aux|nul|conin\$|conout\$|(com|lpt)[0-9¹²³])\s*(\.|:|$)/i;

/**
 * What a file that somebody calls so is called here: the last part of a path, of at most 255 characters, with nothing in it that could
 * be a path, a device or another name than it looks like. Nothing is ever stored under it; it is for whoever saves the file.
 */
export function fileName(name: string): string {
  const last = name.toWellFormed().split(/[\\/]/).at(-1)!.replace(INVISIBLE, '');
  // Not within a character of two units. Dots and spaces at the end are dropped by Windows, which would make another ending of it.
  const end = last
    .slice(-MAX_NAME)
    .replace(/^[\udc00-\udfff]/, '')
    .replace(/^\s+/, '')
    .replace(/[.\s]+$/, '');
  if (end === '') return 'file';
  return DEVICE.test(end) ? `_${end.slice(1 - MAX_NAME)}` : end;
}
