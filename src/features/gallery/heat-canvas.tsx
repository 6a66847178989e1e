/** @file A word's heat map over the picture, in colours. */
import { useCallback } from "react";
import { paintHeat } from "../../core/image/heat-colours.ts";
import classes from "./attention.module.css";

interface HeatCanvasProps {
  readonly heat: ArrayLike<number>;
  readonly width: number;
  readonly height: number;
  /** 0 … 1 */
  readonly opacity: number;
  readonly label: string;
}

export function HeatCanvas({ heat, width, height, opacity, label }: HeatCanvasProps) {
  const draw = useCallback(
    (canvas: HTMLCanvasElement | null) => {
      const image = new ImageData(paintHeat(heat), width, height);
      canvas?.getContext("2d")?.putImageData(image, 0, 0);
    },
    [heat, width, height],
  );
  return (
    <canvas
      ref={draw}
      width={width}
      height={height}
      className={classes.heat}
      style={{ opacity }}
      role="img"
      aria-label={label}
    />
  );
}
