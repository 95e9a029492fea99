import type { OutputChunk } from './watch-output.ts';

/** The end of a job's output, of its newest attempt. */
export interface JobOutput {
  attempt: number;
  text: string;
  /** UTF-8 bytes of the attempt before `text`: what was dropped. */
  start: number;
  /** UTF-8 bytes of the attempt up to the end of `text`. */
  end: number;
}

export interface OutputTail {
  /** Takes the next chunk; what is known of it already, as after a lost connection, is passed over. */
  add(chunk: Pick<OutputChunk, 'attempt' | 'offset' | 'end' | 'text'>): void;
  current(): JobOutput | null;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder();

/** @param keep characters that are kept, from the end, and up to half as many more. */
export function createOutputTail(keep: number): OutputTail {
  let known: JobOutput | null = null;

  function shortened(output: JobOutput): JobOutput {
    if (output.text.length <= keep * 1.5) return output;
    const from = output.text.length - keep;
    const line = output.text.indexOf('\n', from);
    // At the beginning of a line, if one is near.
    const low = output.text.charCodeAt(from);
    const cut = line >= 0 && line - from < keep / 4 ? line + 1 : low >= 0xdc00 && low <= 0xdfff ? from + 1 : from;
    const dropped = encoder.encode(output.text.slice(0, cut)).length;
    return { ...output, text: output.text.slice(cut), start: output.start + dropped };
  }

  return {
    add({ attempt, offset, end, text }) {
      if (known?.attempt !== attempt || offset > known.end) {
        known = shortened({ attempt, text, start: offset, end });
      } else if (end > known.end) {
        const news = offset === known.end ? text : decoder.decode(encoder.encode(text).subarray(known.end - offset));
        known = shortened({ ...known, text: known.text + news, end });
      }
    },
    current: () => known,
  };
}
