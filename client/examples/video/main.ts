#!/usr/bin/env node
/**
 * Renders a film, and reports each frame: a zoom into the Mandelbrot set, as YUV4MPEG2 (ffplay and mpv show it).
 *
 *     node client/examples/video/main.ts --out zoom.y4m
 *
 * In a project of your own import from 'spacedock/client'.
 */
import { randomUUID } from 'node:crypto';
import { open, rm } from 'node:fs/promises';
import { parseArgs } from 'node:util';
import { createProgressReporter, errorCode } from '../../sdk/index.ts';

const { values } = parseArgs({
  options: {
    url: { type: 'string', default: process.env.SPACEDOCK_URL ?? 'http://127.0.0.1:4000' },
    token: { type: 'string', default: process.env.SPACEDOCK_TOKEN },
    job: { type: 'string', default: `video-${randomUUID()}` },
    out: { type: 'string', default: 'zoom.y4m' },
    frames: { type: 'string', default: '120' },
  },
});
const { url, token, job, out } = values;
const frames = Number(values.frames);
const WIDTH = 320;
const HEIGHT = 240;
const ITERATIONS = 200;

/** One frame: a grey value for each pixel, how soon the orbit of its point escapes. */
function render(frame: number): Buffer {
  const pixels = Buffer.alloc(WIDTH * HEIGHT);
  const step = 0.01 * 0.95 ** frame;
  for (let row = 0; row < HEIGHT; row++) {
    for (let column = 0; column < WIDTH; column++) {
      const x = -0.743643 + (column - WIDTH / 2) * step;
      const y = 0.131825 + (row - HEIGHT / 2) * step;
      pixels[row * WIDTH + column] = (escapeTime(x, y) * 255) / ITERATIONS;
    }
  }
  return pixels;
}

function escapeTime(x: number, y: number): number {
  let [a, b] = [0, 0];
  for (let count = 0; count < ITERATIONS; count++) {
    [a, b] = [a * a - b * b + x, 2 * a * b + y];
    if (a * a + b * b > 4) return count;
  }
  return ITERATIONS;
}

await using reporter = createProgressReporter({ url, token });
console.log(`Job ${job}\nspacedock watch ${job}`);

try {
  const film = await reporter.track(
    job,
    async ({ signal, report }) => {
      await using file = await open(out, 'w');
      await file.write(`YUV4MPEG2 W${WIDTH} H${HEIGHT} F24:1 Cmono\n`);
      const began = performance.now();
      for (let frame = 0; frame < frames; frame++) {
        // Somebody cancelled the job: leave. This also is what the server is told.
        signal.throwIfAborted();
        await file.write('FRAME\n');
        await file.write(render(frame));
        const fps = ((frame + 1) / (performance.now() - began)) * 1000;
        // Not awaited: rendering goes on, and of many reports the latest is sent.
        void report('rendering', (frame + 1) / frames, `Frame ${frame + 1} of ${frames}, ${fps.toFixed(1)} a second`);
      }
      // What is returned is the result of the job.
      return { file: out, frames, bytes: (await file.stat()).size };
    },
    { title: `Render ${frames} frames` },
  );
  console.log(`${film.file}: ${film.bytes} bytes`);
} catch (error) {
  if (errorCode(error) !== 'CANCELLED') throw error;
  await rm(out, { force: true });
  console.log('Cancelled');
  process.exitCode = 3;
}
