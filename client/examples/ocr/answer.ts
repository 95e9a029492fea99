import {
  type HandlerResult,
  type HandlerTools,
  type InferenceRequest,
  JobFailure,
  type Json,
} from '../../sdk/index.ts';
import { LANGUAGE, LAYOUTS, type Page, type RecogniseOptions, type Recogniser } from './recognise.ts';
import { UnreadableImage } from './unreadable-image.ts';

/**
 * Reads every image of a request. The result: `text` of all images, `language`, `words` (`page` counts from 0), and `pages`
 * with one entry for each image. Beside it the file text.txt, and for several images one text file each.
 */
export async function answer(
  recogniser: Recogniser,
  { files, parameters }: InferenceRequest,
  { fetchFile, progress, signal }: HandlerTools,
): Promise<HandlerResult> {
  if (files.length === 0) throw new JobFailure('There is no image in this request.', { code: 'INPUT_NOT_READABLE' });
  const options = readOptions(parameters);
  const pages: (Page & { file: string })[] = [];
  for (const [index, file] of files.entries()) {
    const message = files.length === 1 ? file.name : `${file.name}, ${index + 1} of ${files.length}`;
    await progress('fetching image', index / files.length, message);
    const image = new Uint8Array(await (await fetchFile(file)).arrayBuffer());
    const onStage = (stage: string, fraction: number) => {
      // Other stages than this one are over in a moment.
      const done = stage === 'recognizing text' ? fraction : 0;
      void progress(stage, (index + done) / files.length, message);
    };
    try {
      pages.push({ file: file.name, ...(await recogniser.recognise(image, { ...options, signal, onStage })) });
    } catch (error) {
      if (!(error instanceof UnreadableImage)) throw error;
      const reason = `${file.name} cannot be read. ${error.message}`;
      throw new JobFailure(reason, { code: 'INPUT_NOT_READABLE', stage: 'recognizing text' });
    }
  }

  const text = pages.map((page) => page.text).join('\n\n');
  const words = pages.flatMap((page, index) => page.words.map((word) => ({ ...word, page: index })));
  return {
    result: { text, language: LANGUAGE, words, pages: pages.map(({ words, ...page }) => page) },
    files: [textFile('text.txt', text), ...(pages.length > 1 ? pages.map(pageFile) : [])],
    confidence: meanConfidence(pages),
    message: words.length === 0 ? 'No text found' : `${words.length} words`,
  };
}

const textFile = (name: string, text: string) => ({ name, type: 'text/plain', data: `${text}\n` });

/** Numbered, as two images may have one name. */
const pageFile = ({ file, text }: { file: string; text: string }, index: number) =>
  textFile(`${index + 1}-${file.replace(/\.\w+$/, '')}.txt`, text);

/** Over all words, as tesseract has it for one page. */
function meanConfidence(pages: readonly Page[]): number {
  const words = pages.reduce((sum, page) => sum + page.words.length, 0);
  const sum = pages.reduce((sum, page) => sum + page.confidence * page.words.length, 0);
  return Math.round((sum / Math.max(1, words)) * 10_000) / 10_000;
}

/** A space may have another JSON Schema than parameters.json, or none: what does not fit is refused here. */
function readOptions(parameters: Json): Pick<RecogniseOptions, 'layout' | 'straighten'> {
  const { layout, straighten } = (parameters ?? {}) as { [key: string]: Json };
  if (layout !== undefined && !(typeof layout === 'string' && Object.hasOwn(LAYOUTS, layout))) {
    throw new JobFailure(`layout must be one of ${Object.keys(LAYOUTS).join(', ')}.`, { code: 'BAD_PARAMETERS' });
  }
  if (straighten !== undefined && typeof straighten !== 'boolean') {
    throw new JobFailure('straighten must be true or false.', { code: 'BAD_PARAMETERS' });
  }
  return { layout: layout as RecogniseOptions['layout'], straighten };
}
