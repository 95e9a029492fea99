export interface LineSplitter {
  push(text: string): void;
  /** Hands over what is left without a line end. */
  end(): void;
}

/**
 * Cuts a stream of text into lines at `\n`, `\r\n` and `\r` (progress bars of other programs use the last). A line longer than
 * `maxChars` is cut there, its rest is dropped, and `cut` says so: memory stays bounded whatever a program prints.
 */
export function createLineSplitter(onLine: (line: string, cut: boolean) => void, maxChars: number): LineSplitter {
  let pending = '';
  let cut = false;

  function emit(line: string) {
    onLine(line.slice(0, maxChars), cut || line.length > maxChars);
    cut = false;
  }

  return {
    push(text) {
      const complete = pending.endsWith('\r') || /[\r\n]/.test(text);
      pending += text;
      if (complete) {
        // A `\r` at the very end may be half of a `\r\n`: it waits for the next chunk.
        const lines = pending.split(/\r\n|\n|\r(?!$)/);
        pending = lines.pop() ?? '';
        lines.forEach(emit);
      }
      if (pending.length > maxChars && !pending.endsWith('\r')) {
        pending = pending.slice(0, maxChars);
        cut = true;
      }
    },
    end() {
      const last = pending.replace(/\r$/, '');
      pending = '';
      if (last !== '' || cut) emit(last);
    },
  };
}
