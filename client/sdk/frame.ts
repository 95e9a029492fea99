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

  function wait(): void {
    if (typeof requestAnimationFrame === 'undefined' || document.hidden) {
      const timer = setTimeout(run, UNSEEN_MS);
      cancel = () => clearTimeout(timer);
      return;
    }
    // A page that goes out of sight gets no more frames.
    const onHidden = () => {
      cancel?.();
      wait();
    };
    const frame = requestAnimationFrame(run);
    document.addEventListener('visibilitychange', onHidden);
    cancel = () => {
      cancelAnimationFrame(frame);
      document.removeEventListener('visibilitychange', onHidden);
    };
  }

  return {
    ask() {
      if (!cancel) wait();
    },
    cancel() {
      cancel?.();
      cancel = undefined;
    },
  };
}
