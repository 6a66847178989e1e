/** @file Time over something, both logarithmic: a dot and its spread a point, and the fitted power as a line. */
import { exponentOf, spread } from "../statistics.ts";

export interface PlotLine {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly ms: readonly number[] }[];
}

const WIDTH = 640;
const HEIGHT = 360;
const MARGIN = { left: 70, right: 230, top: 20, bottom: 50 };
/** Okabe and Ito's palette, which colour-blind readers can tell apart. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7"];

export function powerPlot(lines: readonly PlotLine[], over: string): string {
  const points = lines.flatMap((line) => line.points);
  const xs = [...new Set(points.map(({ x }) => x))].sort((a, b) => a - b);
  const times = points.flatMap(({ ms }) => ms);
  const x = logScale(Math.min(...xs), Math.max(...xs), MARGIN.left + 20, WIDTH - MARGIN.right - 20);
  const [low, high] = [Math.min(...times) / 1.1, Math.max(...times) * 1.1];
  const y = logScale(low, high, HEIGHT - MARGIN.bottom, MARGIN.top);
  const bottom = HEIGHT - MARGIN.bottom;
  const right = WIDTH - MARGIN.right;
  const grid = [
    ...xs.map(
      (tick) =>
        `<line x1="${x(tick)}" x2="${x(tick)}" y1="${MARGIN.top}" y2="${bottom}" stroke="#ddd"/><text x="${x(tick)}" y="${bottom + 18}" text-anchor="middle">${tick}</text>`,
    ),
    ...ticks(low, high).map(
      (tick) =>
        `<line x1="${MARGIN.left}" x2="${right}" y1="${y(tick)}" y2="${y(tick)}" stroke="#ddd"/><text x="${MARGIN.left - 8}" y="${y(tick) + 4}" text-anchor="end">${tick}</text>`,
    ),
  ];
  const drawn = lines.map(({ label, points: own }, i) => {
    const colour = COLOURS[i % COLOURS.length] ?? "#000000";
    const fit = exponentOf(own.map((point) => ({ x: point.x, t: spread(point.ms).median })));
    const ends = [own[0]?.x ?? 1, own.at(-1)?.x ?? 1].map(
      (at) => `${x(at)},${y(fit.factor * at ** fit.value)}`,
    );
    const dots = own.map((point) => {
      const { median, low: least, high: most } = spread(point.ms);
      return `<line x1="${x(point.x)}" x2="${x(point.x)}" y1="${y(least)}" y2="${y(most)}" stroke="${colour}"/><circle cx="${x(point.x)}" cy="${y(median)}" r="4" fill="${colour}"/>`;
    });
    const error = Number.isNaN(fit.error) ? "" : ` ± ${fit.error.toFixed(2)}`;
    const key = MARGIN.top + 20 + 36 * i;
    const legend = `<circle cx="${right + 20}" cy="${key}" r="5" fill="${colour}"/><text x="${right + 32}" y="${key + 4}">${label}</text><text x="${right + 32}" y="${key + 19}">exponent ${fit.value.toFixed(2)}${error}</text>`;
    return `<polyline points="${ends.join(" ")}" fill="none" stroke="${colour}" stroke-dasharray="4 3"/>${dots.join("")}${legend}`;
  });
  const middle = (MARGIN.top + bottom) / 2;
  const names = `<text x="${(MARGIN.left + right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${over}</text><text x="16" y="${middle}" text-anchor="middle" transform="rotate(-90 16 ${middle})">milliseconds</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>${grid.join("")}${drawn.join("")}${names}</svg>\n`;
}

/** Maps a range to pixels by its logarithm, to a tenth of a pixel. */
function logScale(low: number, high: number, from: number, to: number) {
  return (value: number): number => {
    const share = Math.log(value / low) / Math.log(high / low);
    return Math.round((from + share * (to - from)) * 10) / 10;
  };
}

/** 1, 2 and 5 times powers of ten in the range. */
function ticks(low: number, high: number): number[] {
  const powers = Array.from({ length: 9 }, (_, i) => 10 ** i);
  return powers
    .flatMap((power) => [power, 2 * power, 5 * power])
    .filter((t) => t >= low && t <= high);
}
