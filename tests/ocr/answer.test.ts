import { readFile } from 'node:fs/promises';
import { basename } from 'node:path';
import { Ajv } from 'ajv';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { answer } from '../../client/examples/ocr/answer.ts';
import { createRecogniser, LAYOUTS, type Page, type Recogniser } from '../../client/examples/ocr/recognise.ts';
import type { HandlerTools, InferenceRequest, Json, StoredFile } from '../../client/sdk/index.ts';
import { sampleFile, sampleImage, sampleText } from './samples.ts';

let recogniser: Recogniser;
beforeAll(async () => {
  recogniser = await createRecogniser();
});
afterAll(() => recogniser[Symbol.asyncDispose]());

const request = (images: string[], parameters: Json = null): InferenceRequest => ({
  id: 'ocr.1',
  space: 'ocr',
  prompt: null,
  parameters,
  files: images.map(
    (image): StoredFile => ({ id: image, name: basename(image), type: 'image/png', size: 1, url: '/' }),
  ),
  attempt: 1,
  submitter: null,
  createdAt: '2026-01-01T00:00:00.000Z',
});

/** Tools as the SDK hands them to a handler, with the samples in place of the server's files. */
function tools() {
  const reports: { stage: string; progress?: number; message?: string }[] = [];
  const given: HandlerTools = {
    signal: new AbortController().signal,
    progress: async (stage, progress, message) => void reports.push({ stage, progress, message }),
    write: async () => {},
    fetchFile: async (file) => new Blob([Buffer.from(await sampleImage(file.id))]),
    saveFile: () => Promise.reject(new Error('The app keeps nothing on disk.')),
  };
  return { reports, given };
}

test('one image: its text, where the words are, how sure it is, and a text file', async () => {
  const { given } = tools();
  const { result, files, confidence, message } = await answer(recogniser, request(['formats/line.png']), given);
  const text = await sampleText('formats/line.txt');
  expect(result).toMatchObject({
    text,
    language: 'eng',
    pages: [{ file: 'line.png', text, width: 400, height: 60, tilt: 0, confidence }],
  });
  const { words } = result as { words: { text: string; page: number }[] };
  expect(words.map((word) => word.text)).toEqual(text.split(' '));
  expect(words[0]).toEqual({
    text: 'Berth',
    page: 0,
    confidence: expect.any(Number),
    box: { x0: expect.any(Number), y0: expect.any(Number), x1: expect.any(Number), y1: expect.any(Number) },
  });
  expect(files).toEqual([{ name: 'text.txt', type: 'text/plain', data: `${text}\n` }]);
  expect(confidence).toBeGreaterThan(0.9);
  expect(message).toBe('6 words');
});

test('several images: a page each, a text file each, and progress spread over them', async () => {
  const { reports, given } = tools();
  const images = ['formats/line.png', 'formats/line.jpg', 'formats/line.webp'];
  const { result, files } = await answer(recogniser, request(images), given);
  const text = await sampleText('formats/line.txt');
  const { pages, words } = result as { pages: { file: string }[]; words: { page: number }[] };
  expect(pages.map(({ file }) => file)).toEqual(['line.png', 'line.jpg', 'line.webp']);
  expect(words.map(({ page }) => page)).toEqual([0, 1, 2].flatMap((page) => Array(6).fill(page)));
  expect(files?.map((file) => (typeof file === 'string' ? file : file.name))).toEqual([
    'text.txt',
    '1-line.txt',
    '2-line.txt',
    '3-line.txt',
  ]);
  expect(files?.[0]).toMatchObject({ data: `${text}\n\n${text}\n\n${text}\n` });

  const values = reports.map(({ progress }) => progress ?? 0);
  expect(values).toEqual(values.toSorted((a, b) => a - b));
  expect(values.at(-1)).toBe(1);
  expect(reports).toContainEqual({ stage: 'recognizing text', progress: 1 / 3, message: 'line.png, 1 of 3' });
  expect(reports).toContainEqual({ stage: 'recognizing text', progress: 1, message: 'line.webp, 3 of 3' });
});

test('an image without text is a result, not a failure', async () => {
  const { given } = tools();
  const white = `P5\n64 64\n255\n${'\xff'.repeat(64 * 64)}`;
  const blank = { ...given, fetchFile: async () => new Blob([Buffer.from(white, 'latin1')]) };
  const { result, confidence, message } = await answer(recogniser, request(['blank.pgm']), blank);
  expect(result).toMatchObject({ text: '', words: [] });
  expect({ confidence, message }).toEqual({ confidence: 0, message: 'No text found' });
});

test('a file that is no image fails the job by name, and not for another try', async () => {
  const { given } = tools();
  await expect(answer(recogniser, request(['formats/line.png', 'photo.txt']), given)).rejects.toMatchObject({
    name: 'JobFailure',
    message: 'photo.txt cannot be read. This is no image, or a damaged one.',
    details: { code: 'INPUT_NOT_READABLE' },
  });
  await expect(answer(recogniser, request([]), given)).rejects.toMatchObject({
    details: { code: 'INPUT_NOT_READABLE' },
  });
});

test('the parameters do what they say, and others are refused', async () => {
  const { given } = tools();
  const read = async (parameters: Json) => {
    const { result } = await answer(recogniser, request(['invoice.png'], parameters), given);
    return (result as { pages: Page[] }).pages[0]?.text.split('\n');
  };
  expect(await read({ layout: 'sparse', straighten: false })).toContain('809.10');
  expect(await read({ layout: 'block' })).toContain('Shore power, per kWh 2,610 0.31 809.10');
  await expect(read({ layout: 'toString' })).rejects.toMatchObject({ details: { code: 'BAD_PARAMETERS' } });
  await expect(read({ straighten: 'yes' })).rejects.toMatchObject({ details: { code: 'BAD_PARAMETERS' } });
});

test("the space's JSON Schema takes what the app takes", async () => {
  const schema = JSON.parse(await readFile(sampleFile('../parameters.json'), 'utf8'));
  expect(schema.properties.layout.enum).toEqual(Object.keys(LAYOUTS));
  const fits = new Ajv().compile(schema);
  expect(fits({ layout: 'sparse', straighten: false })).toBe(true);
  expect(fits({})).toBe(true);
  expect(fits({ layout: 'upside down' })).toBe(false);
  expect(fits({ rotate: 90 })).toBe(false);
});
