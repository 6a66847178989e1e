/** @file The uPlot chart of the losses: its colours in both schemes, axes and lines. */
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";
import type { LossCurves } from "./loss-curves.ts";

/** Told apart by lightness as well as by hue, for those who see no difference between blue and orange. */
export const PLOT_COLOURS = {
  light: { target: "#1864ab", regularisation: "#e8590c", text: "#495057", grid: "#e9ecef" },
  dark: { target: "#4dabf7", regularisation: "#ffa94d", text: "#b8b8b8", grid: "#3b3b3b" },
} as const;

interface PlotOptions {
  readonly scheme: "light" | "dark";
  /** Of the whole run: the axis shows how much is still to come. */
  readonly steps: number;
  readonly onHover: (index: number | null) => void;
}

export function createLossPlot(
  element: HTMLElement,
  { scheme, steps, onHover }: PlotOptions,
): UPlot {
  const colours = PLOT_COLOURS[scheme];
  const axis = (size: number): UPlot.Axis => ({
    stroke: colours.text,
    grid: { stroke: colours.grid, width: 1 },
    ticks: { stroke: colours.grid, width: 1 },
    font: "12px system-ui, sans-serif",
    size,
  });
  const raw = (stroke: string): UPlot.Series => ({ stroke, alpha: 0.3, width: 1 });
  const smoothed = (stroke: string): UPlot.Series => ({
    stroke,
    width: 2,
    points: { show: false },
  });
  return new UPlot(
    {
      width: element.clientWidth,
      height: element.clientHeight,
      legend: { show: false },
      cursor: { y: false, drag: { x: false, y: false } },
      scales: {
        x: { time: false, range: (_, __, last) => [1, Math.max(2, steps, last)] },
        y: { range: (_, low, high) => UPlot.rangeNum(low, high, 0.1, true) },
      },
      axes: [
        { ...axis(32), incrs: [1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 5000, 10_000] },
        axis(52),
      ],
      series: [
        {},
        raw(colours.target),
        raw(colours.regularisation),
        smoothed(colours.target),
        smoothed(colours.regularisation),
      ],
      hooks: {
        setCursor: [({ cursor }) => onHover(cursor.idx ?? null)],
      },
    },
    undefined,
    element,
  );
}

export function plotData({ steps, target, regularisation }: LossCurves): UPlot.AlignedData {
  return [steps, target.raw, regularisation.raw, target.smoothed, regularisation.smoothed];
}
