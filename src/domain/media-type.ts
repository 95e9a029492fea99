import { supportedMimeTypes } from 'file-type';
import { lookup } from 'mime-types';

/** What a look at the whole of a file tells. */
export interface Content {
  /** The type that its bytes have the marks of. */
  recognised: string | null;
  /** Whether it can be read as text. An empty file can. */
  text: boolean;
}

/** What is said of a file of which nothing is known. */
export const UNKNOWN = 'application/octet-stream';

/** As clients say that they know nothing: of a body without a type curl says the second. */
const NOTHING = new Set([UNKNOWN, 'binary/octet-stream', 'application/x-www-form-urlencoded']);

/** Endings that have one meaning in the register of types and, as often, another in people's directories. */
const AMBIGUOUS = /\.(ts|mts|cts|key|ai|asc|dat|mod)$/i;

/** Types by which one and the same content goes; `x-`, `vnd.` and case aside. */
const FAMILIES = [
  'image/jpeg image/jpg image/pjpeg',
  'image/png image/apng image/mozilla.apng',
  'image/bmp image/ms-bmp',
  'image/icon image/ico image/microsoft.icon',
  'image/heif image/heic image/heif-sequence image/heic-sequence',
  'image/tiff image/tif',
  'image/portable-anymap image/portable-pixmap image/portable-graymap image/portable-bitmap image/portable-arbitrarymap',
  'audio/wav audio/wave audio/pn-wav',
  'audio/mpeg audio/mp3 audio/mpeg3 audio/mpg',
  'audio/aac audio/aacp audio/hx-aac-adts',
  'audio/aiff audio/aif',
  'audio/midi audio/mid audio/sp-midi',
  'video/mp4 audio/mp4 application/mp4 audio/m4a audio/m4b video/m4v video/quicktime audio/quicktime video/3gpp audio/3gpp video/3gpp2 audio/3gpp2',
  'video/matroska audio/matroska video/webm audio/webm',
  'audio/ogg video/ogg application/ogg audio/opus audio/vorbis audio/speex',
  'video/avi video/msvideo',
  'video/mpeg video/mp1s video/mp2p',
  'application/ms-asf video/ms-asf audio/ms-asf video/ms-wmv audio/ms-wma',
  'application/zip application/zip-compressed',
  'application/gzip application/gzip-compressed application/tgz application/compressed-tar',
  'application/rar application/rar-compressed',
  'application/bzip2 application/bzip application/bz2',
  'application/zstd application/zst',
  'application/postscript application/eps',
  'application/rtf text/rtf',
  'application/sqlite3 application/sqlite',
  'application/msdownload application/msdos-program application/dosexec application/portable-executable',
  'font/woff application/font-woff',
  'font/ttf font/otf font/sfnt font/collection application/font-ttf application/font-otf application/font-sfnt',
].map((family) => family.split(' '));

const FAMILY = new Map(FAMILIES.flatMap((family) => family.map((type) => [type, family[0]!] as const)));

/** The type without its parameters, as types are compared. */
export const bare = (type: string): string => type.split(';', 1)[0]!.trim().toLowerCase();

function familyOf(type: string): string {
  const plain = bare(type).replace(/\/(x-|vnd\.)+/, '/');
  return FAMILY.get(plain) ?? plain;
}

const SVG = 'image/svg+xml';
const TEXT =
  /^(text\/|application\/(x-)?(json|jsonl|json5|ndjson|jsonlines|xml|xml-dtd|javascript|ecmascript|typescript|yaml|toml|sql|sh|csh|shellscript|python|perl|ruby|php|httpd-php|tex|latex|graphql|subrip|diff|pem-file)$|.*\+(json|xml|yaml)$)/;
/** Formats of which somebody may send a text and mean the text. Any other that has marks wins over what is said. */
const PLAIN_ENOUGH = /^(text\/|application\/(xml|x-ms-regedit)$|model\/|image\/(svg\+xml|x-portable-))/;

const isText = (type: string): boolean => type !== SVG && TEXT.test(type) && familyOf(type) !== 'application/rtf';

const inZip = (type: string): boolean =>
  /openxmlformats|opendocument|\+zip$|java-archive|android\.package|macroenabled|\/vnd\.apple\.(pages|numbers|keynote)|3mf$|xpinstall/.test(
    type,
  );
const inCompound = (type: string): boolean =>
  /\/(msword|vnd\.ms-(excel|powerpoint|outlook|project)|vnd\.visio|x-msi)$/.test(type);

/** Formats in which others are kept, that nobody may know but who made them. */
const CONTAINERS = new Set(
  ['zip', 'gzip', 'x-cfb', 'xml', 'x-sqlite3', 'x-tar', 'zstd'].map((name) => `application/${name}`),
);

const MARKED = new Set(
  [...supportedMimeTypes].filter((type) => /^application\/(?!pgp-|x-apple-)/.test(type)).map(familyOf),
);

/** Whether a file of the type would have been recognised. */
const hasMarks = (type: string): boolean =>
  /^(image|audio|video|font)\//.test(type) || inZip(type) || inCompound(type) || MARKED.has(familyOf(type));

/** Whether content like this may be of that type. */
function fits(type: string, { recognised, text }: Content): boolean {
  if (isText(type)) return text && (recognised === null || PLAIN_ENOUGH.test(recognised));
  if (recognised === null) return !hasMarks(type);
  if (familyOf(type) === familyOf(recognised)) return true;
  if (inZip(type)) return familyOf(recognised) === 'application/zip' || inZip(recognised);
  if (inCompound(type))
    return (
      recognised === 'application/x-cfb' ||
      (type === 'application/msword' && familyOf(recognised) === 'application/rtf')
    );
  return !hasMarks(type) && CONTAINERS.has(recognised);
}

/** What the ending of a name stands for; null where that is nothing, or nothing sure. */
const typeOfName = (name: string): string | null => {
  const ending = /[^.](\.[^.]+)$/.exec(name)?.[1];
  return ending === undefined || AMBIGUOUS.test(ending) ? null : lookup(ending) || null;
};

/** A type as a client may say it; null for none. */
function saidType(type: string): string | null {
  const said = bare(type);
  return /^[\w.+-]{1,100}\/[\w.+-]{1,100}$/.test(said) && !NOTHING.has(said) ? said : null;
}

/**
 * The type of a file: what was said, or else what its name stands for, if the content may be that; else what the content is
 * recognised as, or plain text, or nothing in particular. A format that has marks (pictures, sound, films, fonts, PDF, archives) is
 * never believed without them.
 */
export function judgedType(said: string, name: string, content: Content, size: number): string {
  for (const claim of [saidType(said), typeOfName(name)]) {
    if (claim !== null && fits(claim, content)) return claim;
  }
  return content.recognised ?? (content.text && size > 0 ? 'text/plain' : UNKNOWN);
}

/** Whether the content may be what the ending of the name stands for. One that stands for nothing is contradicted by nothing. */
export function fitsName(name: string, content: Content): boolean {
  const type = typeOfName(name);
  return type === null || fits(type, content);
}

/** What a browser may show. Nothing here can hold a script, and none of it is XML. */
const SHOWN = new Set([
  ...['png', 'apng', 'jpeg', 'gif', 'webp', 'avif', 'bmp'].map((name) => `image/${name}`),
  ...['mpeg', 'mp3', 'mp4', 'x-m4a', 'aac', 'ogg', 'opus', 'webm', 'wav', 'x-wav', 'flac', 'x-flac'].map(
    (name) => `audio/${name}`,
  ),
  ...['mp4', 'webm', 'ogg', 'quicktime'].map((name) => `video/${name}`),
  'text/plain',
]);

/** Types that some program runs or opens into a page. */
const ACTIVE =
  /^text\/(?!csv$|markdown$|tab-separated-values$|calendar$|vcard$|vtt$)|[/+.-]xml\b|html|script|svg|pdf|flash|wasm|xap|java|hta$|^(multipart|message)\//;

/**
 * How a file of the type is sent: whether a browser may show it, and as what. What is not on the short list of the harmless is saved,
 * and what could run is not even called what it is.
 */
export function served(type: string): { inline: boolean; type: string } {
  const plain = bare(type);
  if (plain === 'text/plain') return { inline: true, type: 'text/plain; charset=utf-8' };
  if (SHOWN.has(plain)) return { inline: true, type: plain };
  return { inline: false, type: ACTIVE.test(plain) || saidType(plain) === null ? UNKNOWN : plain };
}
