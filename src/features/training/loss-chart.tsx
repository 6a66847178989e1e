/** @file Loss curves of a run: raw faint, smoothed strong, with the numbers and a sentence beside the picture. */
import { Group, Text, useComputedColorScheme, VisuallyHidden } from "@mantine/core";
import { useEffect, useMemo, useRef, useState, useSyncExternalStore } from "react";
import type UPlot from "uplot";
import type { LossBuffer } from "../../state/loss-buffer.ts";
import { createLossPlot, plotData, PLOT_COLOURS } from "./loss-plot.ts";
import { formatLoss, lossCurves, summarise } from "./loss-curves.ts";
import classes from "./loss-chart.module.css";

interface LossChartProps {
  readonly losses: LossBuffer;
  /** Steps of the whole run. */
  readonly steps: number;
}

export function LossChart({ losses, steps }: LossChartProps) {
  const scheme = useComputedColorScheme("light", { getInitialValueInEffect: false });
  const columns = useSyncExternalStore(losses.subscribe, losses.columns);
  const curves = useMemo(() => lossCurves(columns, steps), [columns, steps]);
  const [hovered, setHovered] = useState<number | null>(null);
  const frame = useRef<HTMLDivElement>(null);
  const plot = useRef<UPlot | null>(null);
  const newest = useRef(curves);

  useEffect(() => {
    newest.current = curves;
    plot.current?.setData(plotData(curves));
  }, [curves]);

  useEffect(() => {
    const element = frame.current;
    if (element === null) return;
    const created = createLossPlot(element, { scheme, steps, onHover: setHovered });
    created.setData(plotData(newest.current));
    plot.current = created;
    const observer = new ResizeObserver(() => {
      created.setSize({ width: element.clientWidth, height: element.clientHeight });
    });
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current = null;
      created.destroy();
    };
  }, [scheme, steps]);

  const at = hovered ?? curves.steps.length - 1;
  const hasRegularisation = curves.regularisation.smoothed.some((value) => value !== null);
  const colours = PLOT_COLOURS[scheme];
  return (
    <figure className={classes.figure}>
      <figcaption>
        <Group gap="md" className={classes.legend} aria-hidden="true">
          <Text size="sm" c="dimmed">
            {at >= 0 ? `Step ${at + 1}` : "No steps yet"}
          </Text>
          <Value colour={colours.target} name="Target" value={curves.target.smoothed[at]} />
          {hasRegularisation ? (
            <Value
              colour={colours.regularisation}
              name="Regularisation"
              value={curves.regularisation.smoothed[at]}
            />
          ) : null}
        </Group>
        <VisuallyHidden>{summarise(curves)}</VisuallyHidden>
      </figcaption>
      <div ref={frame} className={classes.plot} aria-hidden="true" />
    </figure>
  );
}

function Value({
  colour,
  name,
  value,
}: {
  readonly colour: string;
  readonly name: string;
  readonly value: number | null | undefined;
}) {
  return (
    <Text size="sm" component="span" className={classes.value}>
      <svg viewBox="0 0 16 4" className={classes.swatch}>
        <path d="M0 2h16" stroke={colour} strokeWidth="3" />
      </svg>
      {name} {formatLoss(value)}
    </Text>
  );
}
