import type { JobId } from '../../domain/ids.ts';
import type { Job } from '../../domain/job.ts';
import { type Bus, EngineUnavailable, type Unlisten } from '../engine.ts';
import { frozen } from '../frozen.ts';
import type { Connection } from './connection.ts';
import type { Keys } from './keys.ts';
import { type Log, reason } from './log.ts';
import { fold, type Whole } from './record.ts';
import type { Subscriber } from './subscriber.ts';
import { createReader, type Told } from './told.ts';

/** A channel somebody listens to. Whatever their number, Redis knows of one subscription, and a message is read once. */
interface Topic {
  listeners: Set<{ hear(told: unknown): void }>;
  /** What the subscriber knows the subscription by; null: there is none. */
  subscription: number | null;
  /** Under way while the subscription follows the listeners. */
  settling: Promise<void> | null;
}

/** Turns the messages of a channel into what its listeners are told. */
type Reading<M, T> = (tell: (told: T) => void) => (message: M) => void;

const asItIs: Reading<never, never> = (tell) => tell;

export interface BusOptions {
  /** The job as it is stored. */
  read(id: JobId): Promise<Job | null>;
  /** How long a listen waits for Redis. */
  timeoutMs: number;
  log: Log;
}

export function busOf(
  subscriber: Subscriber,
  connection: Connection,
  keys: Keys,
  { read, timeoutMs, log }: BusOptions,
): Bus {
  const topics = new Map<string, Topic>();

  /**
   * Subscribes while there are listeners and unsubscribes while there are none, one after the other for each topic, until what is
   * and what should be are the same.
   */
  async function follow(channel: string, topic: Topic, deliver: (message: unknown) => void): Promise<void> {
    // Never ends before `settling` is this.
    await null;
    while (topic.listeners.size > 0 !== (topic.subscription !== null)) {
      if (topic.subscription === null) {
        topic.subscription = await subscriber.subscribe(channel, deliver);
      } else {
        subscriber.unsubscribe(topic.subscription);
        topic.subscription = null;
      }
    }
    topic.settling = null;
    if (topic.subscription === null) topics.delete(channel);
  }

  async function listen<M, T>(channel: string, reading: Reading<M, T>, handler: (told: T) => void): Promise<Unlisten> {
    const topic = topics.get(channel) ?? { listeners: new Set(), subscription: null, settling: null };
    topics.set(channel, topic);
    const deliver = reading((told) => {
      frozen(told);
      for (const { hear } of topic.listeners) {
        try {
          hear(told);
        } catch (error) {
          log.error(`A listener on ${channel} failed: ${reason(error)}`);
        }
      }
    });
    const settle = () => (topic.settling ??= follow(channel, topic, deliver as (message: unknown) => void));
    const listener = { hear: handler as (told: unknown) => void };
    topic.listeners.add(listener);
    const unlisten = () => {
      if (topic.listeners.delete(listener) && topic.listeners.size === 0) void settle();
    };
    try {
      await within(timeoutMs, settle());
    } catch (error) {
      unlisten();
      throw error;
    }
    return unlisten;
  }

  const publish = async (channel: string, message: unknown): Promise<void> => {
    await connection.send('PUBLISH', channel, JSON.stringify(message));
  };

  const whole: Reading<Whole, Job> = (tell) => (told) => tell(fold(told));
  const steps =
    (id: JobId): Reading<Told, Job | null> =>
    (tell) =>
      createReader({ read: () => read(id), connects: () => subscriber.connects, onError: notRead }, tell);
  /** After an outage whoever watches reads again. */
  function notRead(error: unknown): void {
    if (!(error instanceof EngineUnavailable)) log.error(`A job that was told of could not be read: ${reason(error)}`);
  }

  return {
    listenJob: (id, handler) => listen(keys.job(id), steps(id), handler),
    listenJobs: (partition, handler) => listen(`${keys.base(partition)}jobs`, whole, handler),
    listenOutput: (id, handler) => listen(keys.output(id), asItIs, handler),
    listenSpace: (space, handler) => listen(`${keys.base(space)}signals`, asItIs, handler),
    signalSpace: (space, signal) => publish(`${keys.base(space)}signals`, signal),
    listen: (topic, handler) => listen(keys.topic(topic), asItIs, handler),
    publish: (topic, message) => publish(keys.topic(topic), message),
  };
}

/** The promise, or an EngineUnavailable when it takes longer. */
function within<T>(ms: number, promise: Promise<T>): Promise<T> {
  return new Promise((resolve, reject) => {
    const late = () => reject(new EngineUnavailable(`Redis did not take the subscription within ${ms} ms`));
    const timer = setTimeout(late, ms);
    promise.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}
