import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { createRecogniser, type Page, type Recogniser } from '../../client/examples/ocr/recognise.ts';
import { UnreadableImage } from '../../client/examples/ocr/unreadable-image.ts';
import { editDistance, normal, numbersIn, sampleImage, sampleText } from './samples.ts';

let recogniser: Recogniser;
const stagesOfTheStart: string[] = [];
beforeAll(async () => {
  recogniser = await createRecogniser((stage) => stagesOfTheStart.push(stage));
});
afterAll(() => recogniser[Symbol.asyncDispose]());

interface Reading {
  page: Page;
  stages: { stage: string; progress: number }[];
}

/** Each sample is read once for all tests of it. */
const readings = new Map<string, Promise<Reading>>();
function readingOf(image: string): Promise<Reading> {
  const reading = readings.get(image) ?? read(image);
  readings.set(image, reading);
  return reading;
}

async function read(image: string): Promise<Reading> {
  const stages: Reading['stages'] = [];
  const onStage = (stage: string, progress: number) => void stages.push({ stage, progress });
  return { page: await recogniser.recognise(await sampleImage(image), { onStage }), stages };
}

const pageOf = async (image: string): Promise<Page> => (await readingOf(image)).page;

test('the model loads in stages that can be told', () => {
  expect(new Set(stagesOfTheStart)).toEqual(
    new Set(['loading tesseract core', 'initializing tesseract', 'loading language traineddata', 'initializing api']),
  );
});

describe('the samples', () => {
  test('a clean scan is read without a mistake', async () => {
    const { text } = await pageOf('clean-scan.png');
    expect(normal(text)).toBe(await sampleText('clean-scan.txt'));
    expect(text.split('\n\n')).toHaveLength(5);
  });

  test('an invoice keeps every number, and every row of its table in one line', async () => {
    const { text } = await pageOf('invoice.png');
    expect(numbersIn(text)).toEqual(numbersIn(await sampleText('invoice.txt')));
    expect(text.split('\n')).toContain('Shore power, per kWh 2,610 0.31 809.10');
    expect(text.split('\n')).toContain('Total in EUR 3,933.43');
  });

  test('a tilted, noisy photo is read with at most three letters wrong', async () => {
    const { text, tilt } = await pageOf('photo.jpg');
    expect(editDistance(normal(text), await sampleText('photo.txt'))).toBeLessThanOrEqual(3);
    expect(tilt).toBeCloseTo(-6, 0);
  });

  test.for(['clean-scan.png', 'invoice.png', 'photo.jpg'])('%s: confidence and boxes make sense', async (image) => {
    const { confidence, words, width, height, text } = await pageOf(image);
    expect(confidence).toBeGreaterThan(0.85);
    expect(confidence).toBeLessThanOrEqual(1);
    expect(words.map((word) => word.text).join(' ')).toBe(normal(text));
    for (const { confidence, box } of words) {
      expect(confidence).toBeGreaterThanOrEqual(0);
      expect(confidence).toBeLessThanOrEqual(1);
      expect(box.x0).toBeGreaterThanOrEqual(0);
      expect(box.y0).toBeGreaterThanOrEqual(0);
      expect(box.x1).toBeGreaterThan(box.x0);
      expect(box.y1).toBeGreaterThan(box.y0);
      expect(box.x1).toBeLessThanOrEqual(width);
      expect(box.y1).toBeLessThanOrEqual(height);
    }
  });

  test('boxes of tilted words lie where the words are in the photo itself', async () => {
    const { words, width, height } = await pageOf('photo.jpg');
    expect({ width, height }).toEqual({ width: 1150, height: 860 });
    const middles = { Night: [223, 216], kilograms: [700, 297], glass: [890, 347], last: [231, 573] };
    for (const [text, [x, y]] of Object.entries(middles)) {
      const box = words.find((word) => word.text.startsWith(text))?.box;
      expect.soft(((box?.x0 ?? 0) + (box?.x1 ?? 0)) / 2 - (x ?? 0), `${text}, x`).toBeCloseTo(0, -1);
      expect.soft(((box?.y0 ?? 0) + (box?.y1 ?? 0)) / 2 - (y ?? 0), `${text}, y`).toBeCloseTo(0, -1);
    }
  });
});

test.for(['png', 'jpg', 'webp', 'bmp', 'gif', 'tiff'])('reads .%s', async (ending) => {
  const { text, width, height } = await pageOf(`formats/line.${ending}`);
  expect(text).toBe(await sampleText('formats/line.txt'));
  expect({ width, height }).toEqual({ width: 400, height: 60 });
});

test('progress rises from 0 to 1', async () => {
  const { stages } = await readingOf('photo.jpg');
  expect(stages[0]).toEqual({ stage: 'finding lines', progress: 0 });
  const seen = stages.filter(({ stage }) => stage === 'recognizing text').map(({ progress }) => progress);
  expect(seen.length).toBeGreaterThan(3);
  expect(seen).toEqual(seen.toSorted((a, b) => a - b));
  expect(seen.at(-1)).toBe(1);
});

test('without straightening the tilted photo is read worse', async () => {
  const { text, tilt } = await recogniser.recognise(await sampleImage('photo.jpg'), { straighten: false });
  expect(tilt).toBe(0);
  expect(editDistance(normal(text), await sampleText('photo.txt'))).toBeGreaterThan(20);
});

describe('bad input is refused, and the next image is read', () => {
  const cut = async (name: string) => (await sampleImage(name)).subarray(0, 1500);
  const inputs: [string, () => Promise<Uint8Array>][] = [
    ['nothing', async () => new Uint8Array()],
    ['text', () => sampleImage('photo.txt')],
    ['noise', async () => crypto.getRandomValues(new Uint8Array(5000))],
    ['a PDF', async () => new TextEncoder().encode('%PDF-1.7\n1 0 obj\n<< /Type /Catalog >>\nendobj\n')],
    ['a bitmap that says it is huge', async () => hugeBitmap()],
    ...['png', 'jpg', 'webp', 'bmp', 'gif', 'tiff'].map((ending): [string, () => Promise<Uint8Array>] => [
      `half a .${ending}`,
      () => cut(`formats/line.${ending}`),
    ]),
  ];
  test.for(inputs)('%s', async ([, input]) => {
    const stages: string[] = [];
    await expect(recogniser.recognise(await input())).rejects.toThrow(UnreadableImage);
    const next = await recogniser.recognise(await sampleImage('formats/line.png'), {
      onStage: (stage) => stages.push(stage),
    });
    expect(next.text).toBe(await sampleText('formats/line.txt'));
    expect(stages).not.toContain('initializing tesseract');
  });
});

function hugeBitmap(): Uint8Array {
  const bmp = Buffer.alloc(200);
  bmp.write('BM');
  bmp.writeUInt32LE(54, 10);
  bmp.writeUInt32LE(40, 14);
  bmp.writeInt32LE(2_000_000_000, 18);
  bmp.writeInt32LE(2_000_000_000, 22);
  bmp.writeUInt16LE(24, 28);
  return bmp;
}

describe('an abort', () => {
  test('stops the computing, and a new model reads the next image', async () => {
    const abort = new AbortController();
    const reason = new Error('nobody wants it any more');
    const stages: string[] = [];
    const reading = recogniser.recognise(await sampleImage('clean-scan.png'), {
      signal: abort.signal,
      onStage(stage, progress) {
        stages.push(stage);
        if (stage === 'recognizing text' && progress > 0) abort.abort(reason);
      },
    });
    await expect(reading).rejects.toBe(reason);
    const toldUntilThen = stages.length;

    const stagesOfTheNext: string[] = [];
    const next = await recogniser.recognise(await sampleImage('formats/line.png'), {
      onStage: (stage) => stagesOfTheNext.push(stage),
    });
    expect(next.text).toBe(await sampleText('formats/line.txt'));
    expect(stagesOfTheNext).toContain('initializing api');
    expect(stages).toHaveLength(toldUntilThen);
  });

  test('before the beginning costs nothing', async () => {
    const reading = recogniser.recognise(await sampleImage('photo.jpg'), { signal: AbortSignal.abort('too late') });
    await expect(reading).rejects.toBe('too late');
    const stages: string[] = [];
    await recogniser.recognise(await sampleImage('formats/line.png'), { onStage: (stage) => stages.push(stage) });
    expect(stages).not.toContain('initializing api');
  });
});

test('two images at a time are refused', async () => {
  const image = await sampleImage('formats/line.png');
  const first = recogniser.recognise(image);
  await expect(recogniser.recognise(image)).rejects.toThrow('one image at a time');
  expect((await first).words).toHaveLength(6);
});
