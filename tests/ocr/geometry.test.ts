import { expect, test } from 'vitest';
import { tiltBack, tiltOf } from '../../client/examples/ocr/geometry.ts';

const line = (length: number, degrees: number) => ({
  x0: 100,
  y0: 100,
  x1: 100 + length * Math.cos((degrees * Math.PI) / 180),
  y1: 100 + length * Math.sin((degrees * Math.PI) / 180),
});
const degrees = (radians: number) => (radians * 180) / Math.PI;

test('the tilt is that of the long lines, whatever a few short ones say', () => {
  const lines = [line(500, 4), line(480, 4.1), line(20, -30), line(30, 25), line(510, 3.9)];
  expect(degrees(tiltOf(lines))).toBeCloseTo(4, 0);
  expect(degrees(tiltOf([line(300, -7)]))).toBeCloseTo(-7);
});

test('without lines there is no tilt', () => {
  expect(tiltOf([])).toBe(0);
});

test('a box goes back to where it came from', () => {
  const size = { width: 400, height: 200 };
  const box = { x0: 190, y0: 90, x1: 210, y1: 110 };
  expect(tiltBack(box, 0, size)).toEqual(box);
  // A quarter turn clockwise around the middle brings what is on the right to the bottom.
  expect(tiltBack({ x0: 260, y0: 95, x1: 280, y1: 105 }, Math.PI / 2, size)).toEqual({
    x0: 195,
    y0: 160,
    x1: 205,
    y1: 180,
  });
});

test('a box never leaves the image', () => {
  const box = tiltBack({ x0: 0, y0: 0, x1: 400, y1: 200 }, 0.2, { width: 400, height: 200 });
  expect(box).toEqual({ x0: 0, y0: 0, x1: 400, y1: 200 });
});
