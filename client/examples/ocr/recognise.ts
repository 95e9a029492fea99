import { createRequire } from 'node:module';
import { dirname, join } from 'node:path';
import type { Worker as Thread } from 'node:worker_threads';
import tesseract from 'tesseract.js';
import { bmpToPpm, isBmp } from './bmp.ts';
import { type Baseline, type Box, tiltBack, tiltOf } from './geometry.ts';
import { UnreadableImage } from './unreadable-image.ts';

export const LANGUAGE = 'eng';

/** How to look at the page. auto: columns and paragraphs; block: all as one block; sparse: scattered words, as in forms. */
export const LAYOUTS = {
  auto: tesseract.PSM.AUTO,
  block: tesseract.PSM.SINGLE_BLOCK,
  sparse: tesseract.PSM.SPARSE_TEXT,
};
export type Layout = keyof typeof LAYOUTS;

export type Word = {
  text: string;
  /** 0 to 1. */
  confidence: number;
  /** Within the image as it was sent. */
  box: Box;
};

export type Page = {
  text: string;
  /** Mean over the words, 0 to 1. 0 where there are none. */
  confidence: number;
  /** Pixels. */
  width: number;
  height: number;
  /** Degrees by which the text was tilted, clockwise positive. */
  tilt: number;
  words: Word[];
};

/** stage: as tesseract names it. progress: 0 to 1 within the stage. */
export type StageListener = (stage: string, progress: number) => void;

export interface RecogniseOptions {
  /** @default 'auto' */
  layout?: Layout;
  /** Turn tilted text upright first. @default true */
  straighten?: boolean;
  signal?: AbortSignal;
  /** Also told of the model's loading, if the page has to wait for that. */
  onStage?: StageListener;
}

/** Reads text in images with one loaded model, one image at a time. */
export interface Recogniser extends AsyncDisposable {
  /**
   * Reads a PNG, JPEG, WebP, BMP, GIF or TIFF image (of several pages the first). An abort stops the computing and
   * rejects with the signal's reason. Whatever happens, the next image can be read.
   * @throws UnreadableImage
   */
  recognise(image: Uint8Array, options?: RecogniseOptions): Promise<Page>;
}

/** tesseract.js on its own thread. */
interface Model {
  worker: tesseract.Worker;
  thread: Thread;
  /** Rejects when the thread is gone, for whatever reason. */
  ended: Promise<never>;
}

/** Text this little tilted is read as well as upright text. */
const LEAST_TILT = 0.005;
/** Lines that seem to be steeper than 35° are no lines. */
const MOST_TILT = 0.61;

/** Loads the model. Nothing comes from the network. @param onStage told of the first loading. */
export async function createRecogniser(onStage?: StageListener): Promise<Recogniser> {
  let listener = onStage;
  let busy = false;
  let closed = false;
  const start = async (): Promise<Model> => {
    const model = await loadModel((stage, progress) => listener?.(stage, progress));
    model.thread.once('exit', () => {
      if (!closed) present = start();
      // A loading that failed is told to the next page, which tries again.
      present.catch(() => {});
    });
    return model;
  };
  let present = start();
  await present;

  return {
    async recognise(image, { layout = 'auto', straighten = true, signal, onStage } = {}) {
      if (busy) throw new Error('A recogniser reads one image at a time.');
      busy = true;
      listener = onStage;
      try {
        const model = await present.catch(() => (present = start()));
        signal?.throwIfAborted();
        // A computing thread hears nothing: it can only be ended. Another one begins to load at once.
        const stop = () => void model.thread.terminate();
        signal?.addEventListener('abort', stop, { once: true });
        try {
          return await Promise.race([
            readPage(model.worker, readable(image), layout, straighten, onStage),
            model.ended,
          ]);
        } catch (error) {
          signal?.throwIfAborted();
          // After any other error than this one nobody knows what state the model is in.
          if (!(error instanceof UnreadableImage)) await model.thread.terminate();
          throw error;
        } finally {
          signal?.removeEventListener('abort', stop);
        }
      } finally {
        busy = false;
        listener = undefined;
      }
    },

    async [Symbol.asyncDispose]() {
      closed = true;
      await present.then(({ thread }) => thread.terminate()).catch(() => {});
    },
  };
}

async function loadModel(onStage: StageListener): Promise<Model> {
  const languageData = dirname(createRequire(import.meta.url).resolve(`@tesseract.js-data/${LANGUAGE}/package.json`));
  const worker = await new Promise<tesseract.Worker>((resolve, reject) => {
    const options = {
      langPath: join(languageData, '4.0.0_best_int'),
      gzip: true,
      cacheMethod: 'none',
      logger: ({ status, progress }: tesseract.LoggerMessage) => onStage(status, progress),
      // Without one tesseract.js throws where nobody can catch; and only this hears of a language that does not load.
      errorHandler: (reason: unknown) => reject(new Error(`The OCR model did not load: ${reason}`)),
    };
    tesseract.createWorker(LANGUAGE, tesseract.OEM.LSTM_ONLY, options, 'debug_file /dev/null').then(resolve, reject);
  });
  // Its thread is there, though not in its types.
  const { worker: thread } = worker as tesseract.Worker & { worker: Thread };
  const ended = new Promise<never>((_, reject) => {
    thread.once('error', reject).once('exit', () => reject(new Error('The OCR thread ended.')));
  });
  ended.catch(() => {});
  return { worker, thread, ended };
}

const readable = (image: Uint8Array): Buffer => Buffer.from(isBmp(image) ? bmpToPpm(image) : image);

async function readPage(
  worker: tesseract.Worker,
  image: Buffer,
  layout: Layout,
  straighten: boolean,
  onStage?: StageListener,
): Promise<Page> {
  if (straighten) onStage?.('finding lines', 0);
  const tilt = straighten ? await findTilt(worker, image) : 0;
  await worker.setParameters({ tessedit_pageseg_mode: LAYOUTS[layout] });
  const { data } = await unlessUnreadable(worker.recognize(image, { rotateRadians: -tilt }, { text: true, tsv: true }));
  const [page, ...rows] = (data.tsv ?? '').split('\n').map(tsvRow);
  if (page === undefined || page.box.x1 === 0) throw new UnreadableImage('The image is too large.');
  const { x1: width, y1: height } = page.box;
  const words = rows
    // A blank "word" is a picture or a ruled line.
    .filter(({ level, text }) => level === WORD && text.trim() !== '')
    .map(({ text, confidence, box }) => ({ text, confidence, box: tiltBack(box, tilt, { width, height }) }));
  return {
    text: data.text.trimEnd(),
    confidence: words.length === 0 ? 0 : data.confidence / 100,
    width,
    height,
    tilt: Math.round((tilt * 180_00) / Math.PI) / 100,
    words,
  };
}

/**
 * In radians. From the layout alone, without reading: as one block tesseract finds the lines of text tilted by 30°, while
 * its own automatic rotation gives up on some pages at 5°.
 */
async function findTilt(worker: tesseract.Worker, image: Buffer): Promise<number> {
  await worker.setParameters({ tessedit_pageseg_mode: tesseract.PSM.SINGLE_BLOCK });
  const { data } = await unlessUnreadable(worker.recognize(image, {}, { text: false, layoutBlocks: true }));
  const { layoutBlocks } = data as tesseract.Page & { layoutBlocks: tesseract.Block[] | null };
  const lines = (layoutBlocks ?? []).flatMap(({ paragraphs }) => paragraphs.flatMap(({ lines }) => lines));
  const tilt = tiltOf(lines.map(({ baseline }): Baseline => baseline));
  return Math.abs(tilt) < LEAST_TILT || Math.abs(tilt) > MOST_TILT ? 0 : tilt;
}

async function unlessUnreadable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    // tesseract.js rejects with texts.
    if (String(error).includes('attempting to read image')) {
      throw new UnreadableImage('This is no image, or a damaged one.', { cause: error });
    }
    throw error instanceof Error ? error : new Error(String(error));
  }
}

const WORD = 5;

/** https://tesseract-ocr.github.io/tessdoc/Command-Line-Usage.html: one row for each page, block, paragraph, line, word. */
function tsvRow(row: string): { level: number; box: Box; confidence: number; text: string } {
  const [level, , , , , , left = 0, top = 0, width = 0, height = 0, confidence = 0] = row.split('\t').map(Number);
  return {
    level: level ?? 0,
    box: { x0: left, y0: top, x1: left + width, y1: top + height },
    confidence: Math.round(confidence * 100) / 10_000,
    text: row.split('\t')[11] ?? '',
  };
}
