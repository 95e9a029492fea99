/** Whole pixels from the top left corner; x1 and y1 are just outside. */
export type Box = { x0: number; y0: number; x1: number; y1: number };

export interface Size {
  width: number;
  height: number;
}

/** The line that letters stand on. */
export interface Baseline {
  x0: number;
  y0: number;
  x1: number;
  y1: number;
}

/**
 * How far text is tilted, in radians, clockwise positive: the median of its lines' slopes, long lines counting more.
 * 0 where there are no lines.
 */
export function tiltOf(lines: readonly Baseline[]): number {
  const slopes = lines
    .map(({ x0, y0, x1, y1 }) => ({ angle: Math.atan2(y1 - y0, x1 - x0), weight: Math.hypot(x1 - x0, y1 - y0) }))
    .sort((a, b) => a.angle - b.angle);
  const half = slopes.reduce((sum, { weight }) => sum + weight, 0) / 2;
  let reached = 0;
  for (const { angle, weight } of slopes) {
    reached += weight;
    if (reached >= half) return angle;
  }
  return 0;
}

/**
 * Where a box of an image that was turned upright lies in the image as it was: the smallest box around it. The image was
 * turned around its middle by `tilt` radians and kept its size.
 */
export function tiltBack({ x0, y0, x1, y1 }: Box, tilt: number, { width, height }: Size): Box {
  const [cos, sin] = [Math.cos(tilt), Math.sin(tilt)];
  const [middleX, middleY] = [width / 2, height / 2];
  const corners = [x0, x1].flatMap((x) =>
    [y0, y1].map((y) => ({
      x: middleX + cos * (x - middleX) - sin * (y - middleY),
      y: middleY + sin * (x - middleX) + cos * (y - middleY),
    })),
  );
  const xs = corners.map(({ x }) => x);
  const ys = corners.map(({ y }) => y);
  return {
    x0: Math.max(0, Math.floor(Math.min(...xs))),
    y0: Math.max(0, Math.floor(Math.min(...ys))),
    x1: Math.min(width, Math.ceil(Math.max(...xs))),
    y1: Math.min(height, Math.ceil(Math.max(...ys))),
  };
}
