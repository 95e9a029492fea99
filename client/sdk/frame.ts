/** Paints are this far apart where nobody looks: no frame comes then. */
const UNSEEN_MS = 250;

/** Calls `paint` at most once for each frame of the screen, however often it is asked. Nothing is called after `cancel`. */
export function createPainter(paint: () => void): { ask(): void; cancel(): void } {
  let cancel: (() => void) | undefined;
  const run = () => {
    cancel?.();
    cancel = undefined;
    paint();
  };
  return {
    ask() {
      if (cancel) return;
      // A page that goes out of sight gets no more frames.
      const timer = setTimeout(run, UNSEEN_MS);
      if (typeof requestAnimationFrame === 'undefined' || document.hidden) {
        cancel = () => clearTimeout(timer);
        return;
      }
      const frame = requestAnimationFrame(run);
      cancel = () => {
        clearTimeout(timer);
        cancelAnimationFrame(frame);
      };
    },
    cancel() {
      cancel?.();
      cancel = undefined;
    },
  };
}
