import type { ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';

/** A child that was spawned `detached`, and with it all that it started. */
export interface Group {
  /** Signals every process of it. */
  signal(signal: NodeJS.Signals): void;
  /** SIGTERM to all of it, SIGKILL to what is left after the grace. Resolves when it is gone. */
  stop(killAfterSeconds: number): Promise<void>;
  /** It is over: what is left of it lives on. */
  release(): void;
}

const GROUP_POLL_MS = 20;
/** After SIGKILL only the system can be slow. */
const REAP_MS = 1000;

const leaders = new Set<number>();

/** Signals every process of the group. False: none is left. */
function signalGroup(leader: number, signal: NodeJS.Signals | 0): boolean {
  try {
    return process.kill(process.platform === 'win32' ? leader : -leader, signal);
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'EPERM';
  }
}

/** Nothing tells when the last process of a group is gone, so it is asked for. */
async function groupGone(leader: number, withinMs: number): Promise<boolean> {
  const deadline = performance.now() + withinMs;
  while (signalGroup(leader, 0)) {
    if (performance.now() >= deadline) return false;
    await sleep(GROUP_POLL_MS);
  }
  return true;
}

// Whatever way this process ends, short of SIGKILL, no program outlives it.
function killLeftovers() {
  for (const leader of leaders) signalGroup(leader, 'SIGKILL');
}

/** Takes charge of a child that leads a process group; one that could not be started leads none. */
export function leadGroup({ pid: leader }: ChildProcess): Group {
  if (leader === undefined) return { signal() {}, async stop() {}, release() {} };
  if (leaders.size === 0) process.once('exit', killLeftovers);
  leaders.add(leader);
  let stopping: Promise<void> | undefined;

  async function end(killAfterSeconds: number): Promise<void> {
    if (!signalGroup(leader as number, 'SIGTERM')) return;
    if (await groupGone(leader as number, killAfterSeconds * 1000)) return;
    signalGroup(leader as number, 'SIGKILL');
    await groupGone(leader as number, REAP_MS);
  }

  return {
    signal: (signal) => void signalGroup(leader, signal),
    stop: (killAfterSeconds) => {
      stopping ??= end(killAfterSeconds);
      return stopping;
    },
    release() {
      if (leaders.delete(leader) && leaders.size === 0) process.off('exit', killLeftovers);
    },
  };
}
