/** @file A scatter plot of runs as SVG: one line a run, one dot a stop, light and dark backgrounds alike. */

export interface Line {
  readonly label: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly note: string }[];
}

const WIDTH = 800;
const HEIGHT = 480;
const MARGIN = { left: 60, right: 250, top: 20, bottom: 50 };
/** Okabe and Ito's palette, which colour-blind readers can tell apart. */
const COLOURS = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#000000"];

/** @param axes what x and y are */
export function scatter(lines: readonly Line[], axes: { readonly x: string; readonly y: string }) {
  const all = lines.flatMap(({ points }) => points);
  const x = scale(
    all.map((point) => point.x),
    MARGIN.left,
    WIDTH - MARGIN.right,
  );
  const y = scale(
    all.map((point) => point.y),
    HEIGHT - MARGIN.bottom,
    MARGIN.top,
  );
  const bottom = HEIGHT - MARGIN.bottom;
  const grid = [
    ...x.ticks.map(
      (tick) =>
        `<line x1="${x.at(tick)}" x2="${x.at(tick)}" y1="${MARGIN.top}" y2="${bottom}" stroke="#ddd"/><text x="${x.at(tick)}" y="${bottom + 18}" text-anchor="middle">${tick.toFixed(2)}</text>`,
    ),
    ...y.ticks.map(
      (tick) =>
        `<line x1="${MARGIN.left}" x2="${WIDTH - MARGIN.right}" y1="${y.at(tick)}" y2="${y.at(tick)}" stroke="#ddd"/><text x="${MARGIN.left - 8}" y="${y.at(tick) + 4}" text-anchor="end">${tick.toFixed(2)}</text>`,
    ),
  ];
  const drawn = lines.map(({ label, points }, i) => {
    const colour = COLOURS[i % COLOURS.length] ?? "#000000";
    const path = points.map((point) => `${x.at(point.x)},${y.at(point.y)}`).join(" ");
    const dots = points.map(
      (point) =>
        `<circle cx="${x.at(point.x)}" cy="${y.at(point.y)}" r="4" fill="${colour}"/><text x="${x.at(point.x) + 6}" y="${y.at(point.y) - 6}" fill="${colour}">${point.note}</text>`,
    );
    const key = MARGIN.top + 20 + 22 * i;
    const legend = `<circle cx="${WIDTH - MARGIN.right + 20}" cy="${key}" r="5" fill="${colour}"/><text x="${WIDTH - MARGIN.right + 32}" y="${key + 4}">${label}</text>`;
    return `<polyline points="${path}" fill="none" stroke="${colour}" stroke-width="1.5"/>${dots.join("")}${legend}`;
  });
  const middle = (MARGIN.top + bottom) / 2;
  const names = `<text x="${(MARGIN.left + WIDTH - MARGIN.right) / 2}" y="${HEIGHT - 10}" text-anchor="middle">${axes.x}</text><text x="16" y="${middle}" text-anchor="middle" transform="rotate(-90 16 ${middle})">${axes.y}</text>`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}" font-family="sans-serif" font-size="12" fill="#222"><rect width="100%" height="100%" fill="#fff"/>${grid.join("")}${drawn.join("")}${names}</svg>\n`;
}

/** Maps the values' range, widened to whole twentieths, to pixels. */
function scale(values: readonly number[], from: number, to: number) {
  const low = Math.floor(Math.min(...values) * 20) / 20;
  const high = Math.max(low + 0.05, Math.ceil(Math.max(...values) * 20) / 20);
  const count = Math.round((high - low) * 20);
  return {
    at: (value: number): number =>
      Math.round((from + ((value - low) / (high - low)) * (to - from)) * 10) / 10,
    ticks: Array.from({ length: count + 1 }, (_, i) => low + i / 20),
  };
}
