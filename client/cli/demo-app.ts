import { setTimeout as sleep } from 'node:timers/promises';
import type { HandlerResult, HandlerTools, InferenceRequest } from '../sdk/index.ts';
import type { Runner } from './runner.ts';

/** How long the demo app works on a request. */
export interface SecondsRange {
  least: number;
  most: number;
}

const STEPS_PER_SECOND = 4;

/** The app without a model: reads what it was sent, takes its time, and answers with what it got. */
export function createDemoRunner({ least, most }: SecondsRange): Runner {
  async function handler(request: InferenceRequest, tools: HandlerTools): Promise<HandlerResult> {
    const begin = performance.now();
    const files = [];
    for (const file of request.files) {
      await tools.progress('reading', 0, file.name);
      const content = await tools.fetchFile(file);
      files.push({ name: file.name, type: file.type, size: content.size });
    }

    const workSeconds = least + Math.random() * (most - least);
    const steps = Math.max(1, Math.round(workSeconds * STEPS_PER_SECOND));
    for (let step = 1; step <= steps; step += 1) {
      await sleep((workSeconds * 1000) / steps, undefined, { signal: tools.signal });
      await tools.progress('thinking', step / steps, `step ${step} of ${steps}`);
    }
    const { prompt, parameters } = request;
    return { result: { prompt, parameters, files, seconds: Math.round(performance.now() - begin) / 1000 } };
  }

  return { handler, sent: async () => {}, close: async () => {} };
}
