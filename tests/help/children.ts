import type { ChildProcess } from 'node:child_process';

const cleanups = new Set<() => void>();
let hears = false;

/**
 * Runs when this test process ends with something still running: a test that was given up, or a run that was cut short. The pool ends
 * its workers by SIGTERM, which alone would skip every 'exit' handler; and an orphan that holds the run's output keeps it from ending.
 */
export function atEnd(cleanup: () => void): { forget(): void } {
  if (!hears) {
    hears = true;
    process.once('exit', () => {
      for (const each of cleanups) each();
    });
    process.once('SIGTERM', () => process.exit(143));
  }
  cleanups.add(cleanup);
  return { forget: () => void cleanups.delete(cleanup) };
}

/** Kills the child with this test process. Give it no inherited stream: an orphan would hold it open. */
export function endsWithUs<T extends ChildProcess>(child: T): T {
  const { forget } = atEnd(() => void child.kill('SIGKILL'));
  child.once('exit', forget);
  return child;
}
