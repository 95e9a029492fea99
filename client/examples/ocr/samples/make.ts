/**
 * Renders the sample images from the texts beside them, so that a text is by construction what its image says.
 * Needs a Chromium: `node client/examples/ocr/samples/make.ts [path of the browser]`.
 */
import { readFile, writeFile } from 'node:fs/promises';
import { type Browser, chromium } from 'playwright-core';
import { type GreyImage, toBmp, toGif, toTiff } from './encode.ts';

interface Sample {
  image: string;
  text: string;
  width: number;
  height: number;
  page(text: string): string;
}

const here = (name: string) => new URL(name, import.meta.url);
const readText = (name: string) => readFile(here(name), 'utf8');
const plain = (text: string) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');

/** Blank lines part blocks. */
const blocks = (text: string) => text.trim().split(/\n{2,}/);

/** The first block is the heading. */
function article(text: string): string {
  const [heading = '', ...rest] = blocks(text);
  return `<h1>${plain(heading)}</h1>${rest.map((block) => `<p>${plain(block)}</p>`).join('')}`;
}

/** A line is a row, two spaces or more part its cells. */
function table(block: string, kind: string): string {
  const cells = (line: string) => line.split(/ {2,}/).map((cell) => `<td>${plain(cell)}</td>`);
  const rows = block.split('\n').map((line) => `<tr>${cells(line).join('')}</tr>`);
  return `<table class="${kind}">${rows.join('')}</table>`;
}

/** Grain, as a camera adds it in poor light. The seed keeps it the same in every run. */
const GRAIN = `<svg class="over" width="100%" height="100%"><filter id="grain">
    <feTurbulence type="fractalNoise" baseFrequency="0.8" numOctaves="2" seed="7" />
    <feColorMatrix values="0 0 0 0 0  0 0 0 0 0  0 0 0 0 0  1.2 0 0 0 -0.35" />
  </filter><rect width="100%" height="100%" filter="url(#grain)" opacity="0.45" /></svg>`;

const SAMPLES: Sample[] = [
  {
    image: 'clean-scan.png',
    text: 'clean-scan.txt',
    width: 1000,
    height: 780,
    page: (text) => `<style>
      body { margin: 0; padding: 70px 90px; background: #fdfcf8; color: #222; font: 27px/1.5 'Liberation Serif' }
      h1 { font-size: 42px; margin: 0 0 36px } p { margin: 0 0 26px }
    </style>${article(text)}`,
  },
  {
    image: 'invoice.png',
    text: 'invoice.txt',
    width: 1000,
    height: 940,
    page: (text) => {
      const [sender = '', title = '', about = '', items = '', sums = ''] = blocks(text);
      const [name = '', address = ''] = sender.split('\n');
      return `<style>
        body { margin: 0; padding: 60px 70px; background: white; color: #1b1b1b; font: 23px/1.5 'Liberation Sans' }
        h1 { font-size: 34px; margin: 0 } h2 { font-size: 30px; margin: 40px 0 16px } p { margin: 0 }
        table { border-collapse: collapse } .about td { padding: 2px 40px 2px 0 }
        .items { width: 100%; margin-top: 36px }
        .items td { padding: 9px 0; border-bottom: 1px solid #999; text-align: right }
        .items tr:first-child { font-weight: bold } .items td:first-child { text-align: left }
        .sums { margin: 28px 0 0 auto } .sums td { padding: 4px 0 4px 60px; text-align: right }
        .sums tr:last-child { font-weight: bold }
      </style><h1>${plain(name)}</h1><p>${plain(address)}</p><h2>${plain(title)}</h2>
      ${table(about, 'about')}${table(items, 'items')}${table(sums, 'sums')}`;
    },
  },
  {
    image: 'photo.jpg',
    text: 'photo.txt',
    width: 1150,
    height: 860,
    page: (text) => `<style>
      html, body { height: 100% }
      body { margin: 0; overflow: hidden; position: relative; filter: blur(.7px);
        background: repeating-linear-gradient(92deg, #4a3524 0 34px, #523b29 34px 60px, #45311f 60px 97px) }
      article { position: absolute; left: 130px; top: 90px; width: 780px; height: 520px; padding: 60px 70px;
        background: #efe9dc; color: #2b2a33; font: 29px/1.5 'Liberation Serif'; box-shadow: 8px 14px 40px #000c;
        transform: perspective(2400px) rotateY(7deg) rotate(-6deg) }
      h1 { font-size: 41px; margin: 0 0 30px } p { margin: 0 0 26px }
      .over { position: absolute; inset: 0 }
      .light { background: radial-gradient(circle at 28% 22%, #fff3 0, #0000 40%),
        linear-gradient(115deg, #0000 30%, #1008 100%); mix-blend-mode: multiply }
    </style><article>${article(text)}</article><div class="over light"></div>${GRAIN}`,
  },
  ...['png', 'jpg'].map((ending) => ({
    image: `formats/line.${ending}`,
    text: 'formats/line.txt',
    width: 400,
    height: 60,
    page: (text: string) => `<style>
      body { margin: 0; background: white; color: black; font: 26px/60px 'Liberation Serif'; text-align: center }
    </style>${plain(text)}`,
  })),
];

async function render(browser: Browser, { image, text, width, height, page: html }: Sample): Promise<void> {
  const page = await browser.newPage({ viewport: { width, height } });
  await page.setContent(`<!doctype html>${html(await readText(text))}`);
  const shot = await page.screenshot(image.endsWith('.jpg') ? { type: 'jpeg', quality: 72 } : { type: 'png' });
  await writeFile(here(image), shot);
  await page.close();
}

/** The same line of text in the formats that a browser does not make screenshots in. */
async function convert(browser: Browser): Promise<void> {
  const page = await browser.newPage();
  const png = await readFile(here('formats/line.png'));
  const { webp, width, height, greys } = await page.evaluate(
    async (source) => {
      const picture = new Image();
      picture.src = source;
      await picture.decode();
      const canvas = Object.assign(document.createElement('canvas'), { width: picture.width, height: picture.height });
      const context = canvas.getContext('2d') as CanvasRenderingContext2D;
      context.drawImage(picture, 0, 0);
      const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
      return {
        width: canvas.width,
        height: canvas.height,
        greys: Array.from({ length: data.length / 4 }, (_, at) => data[at * 4] ?? 0),
        webp: canvas.toDataURL('image/webp', 0.8).split(',')[1] ?? '',
      };
    },
    `data:image/png;base64,${png.toString('base64')}`,
  );
  await page.close();
  const grey: GreyImage = { width, height, pixels: Uint8Array.from(greys) };
  await writeFile(here('formats/line.webp'), Buffer.from(webp, 'base64'));
  await writeFile(here('formats/line.tiff'), toTiff(grey));
  await writeFile(here('formats/line.bmp'), toBmp(grey));
  await writeFile(here('formats/line.gif'), toGif(grey));
}

const browser = await chromium.launch({
  executablePath: process.argv[2] ?? '/usr/bin/chromium',
  args: [
    '--no-sandbox',
    '--disable-gpu',
    '--disable-background-networking',
    '--disable-component-update',
    '--disable-sync',
    '--no-first-run',
  ],
});
try {
  for (const sample of SAMPLES) await render(browser, sample);
  await convert(browser);
} finally {
  await browser.close();
}
