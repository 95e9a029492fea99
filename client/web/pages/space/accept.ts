/** Which files a space takes. */
export interface FileRules {
  accept: string[];
  /** Of one file. */
  maxBytes: number;
  maxCount: number;
}

/** Whether the rules let a file in, as far as a browser can tell: the server looks at what is in it. */
export function accepts({ accept }: FileRules, { name, type }: { name: string; type: string }): boolean {
  // Browsers know few types by name; the server knows more.
  if (type === '' && accept.some((pattern) => !pattern.startsWith('.'))) return true;
  return accept.some((pattern) => {
    if (pattern === '*/*') return true;
    if (pattern.startsWith('.')) return name.toLowerCase().endsWith(pattern.toLowerCase());
    const wanted = pattern.toLowerCase();
    return wanted.endsWith('/*') ? type.startsWith(wanted.slice(0, -1)) : type === wanted;
  });
}

/** What a file chooser shows; undefined: everything. */
export const chooserAccept = ({ accept }: FileRules): string | undefined =>
  accept.includes('*/*') ? undefined : accept.join(',');
