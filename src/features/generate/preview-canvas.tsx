/** @file The newest preview of one image of the job that runs, drawn without React seeing every frame. */
import { useEffect, useRef } from "react";
import type { Frame } from "../../rpc/contracts.ts";
import { useGenerationStore } from "../../state/engine-context.ts";
import classes from "./stage.module.css";

interface PreviewCanvasProps {
  /** Position of the image in its job. */
  readonly index: number;
  readonly label: string;
}

function draw(canvas: HTMLCanvasElement, { width, height, rgba }: Frame): void {
  canvas.width = width;
  canvas.height = height;
  canvas.getContext("2d")?.putImageData(new ImageData(rgba, width, height), 0, 0);
}

export function PreviewCanvas({ index, label }: PreviewCanvasProps) {
  const store = useGenerationStore();
  const ref = useRef<HTMLCanvasElement>(null);
  useEffect(() => {
    let drawn: Frame | undefined;
    const update = (): void => {
      const frame = store.getState().frames.get(index);
      if (ref.current === null || frame === undefined || frame === drawn) return;
      drawn = frame;
      draw(ref.current, frame);
    };
    update();
    return store.subscribe(update);
  }, [store, index]);
  return <canvas ref={ref} className={classes.picture} role="img" aria-label={label} />;
}
