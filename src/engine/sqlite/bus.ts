import type { BaseLogger } from 'pino';
import type { Bus, Unlisten } from '../engine.ts';
import { frozen } from '../frozen.ts';

export type Log = Pick<BaseLogger, 'error'>;

/** The bus of one process: what is told goes straight to the listeners. */
export interface SqliteBus extends Bus {
  /** Tells everybody who listens to the topic, after whatever is being told already. */
  deliver(topic: string, message: unknown): void;
}

export const topicOf = {
  job: (id: string): string => `job:${id}`,
  output: (id: string): string => `out:${id}`,
  jobs: (partition: string): string => `jobs:${partition}`,
  space: (id: string): string => `space:${id}`,
  other: (name: string): string => `topic:${name}`,
};

// An object each, so that one handler given twice is two listeners.
interface Listener {
  handler(message: never): void;
}

export function createBus(log?: Log): SqliteBus {
  const topics = new Map<string, Set<Listener>>();
  const mail: [listeners: Set<Listener>, message: unknown][] = [];
  let delivering = false;

  function listen(topic: string, handler: Listener['handler']): Unlisten {
    const listener = { handler };
    const listeners = topics.get(topic) ?? new Set();
    topics.set(topic, listeners.add(listener));
    return () => {
      listeners.delete(listener);
      if (listeners.size === 0 && topics.get(topic) === listeners) topics.delete(topic);
    };
  }

  function deliver(topic: string, message: unknown): void {
    const listeners = topics.get(topic);
    if (!listeners) return;
    mail.push([listeners, frozen(message)]);
    // A handler that tells something itself: the message under way reaches everybody first.
    if (delivering) return;
    delivering = true;
    for (let next = mail.shift(); next; next = mail.shift()) {
      const [hearing, told] = next;
      for (const { handler } of hearing) {
        try {
          handler(told as never);
        } catch (error) {
          log?.error({ err: error }, 'a listener of the engine threw');
        }
      }
    }
    delivering = false;
  }

  return {
    deliver,
    listenJob: async (id, handler) => listen(topicOf.job(id), handler),
    listenJobs: async (partition, handler) => listen(topicOf.jobs(partition), handler),
    listenOutput: async (id, handler) => listen(topicOf.output(id), handler),
    listenSpace: async (space, handler) => listen(topicOf.space(space), handler),
    signalSpace: async (space, signal) => deliver(topicOf.space(space), signal),
    listen: async (topic, handler) => listen(topicOf.other(topic), handler),
    publish: async (topic, message) => deliver(topicOf.other(topic), message),
  };
}
