/** @file A canvas to paint on where each concept goes; stripes do the same without a pointer. */
import { Button, Group, SegmentedControl, Stack, Text } from "@mantine/core";
import { type PointerEvent, useEffect, useRef, useState } from "react";
import { useComposeForm } from "../../state/compose-form.ts";
import type { ConceptRecord } from "../../state/concepts.ts";
import classes from "./compose.module.css";
import { painted, stripe } from "./regions.ts";

interface RegionPainterProps {
  readonly concepts: readonly ConceptRecord[];
  readonly latents: number;
}

/** Colours that are told apart with any kind of colour vision (Okabe & Ito), as red, green, blue. */
const COLOURS = [
  [0, 114, 178],
  [230, 159, 0],
  [0, 158, 115],
  [204, 121, 167],
  [86, 180, 233],
  [213, 94, 0],
  [240, 228, 66],
  [120, 120, 120],
] as const;

/** Of the picture's width. */
const BRUSH = 1 / 10;

export function RegionPainter({ concepts, latents }: RegionPainterProps) {
  const { masks, change } = useComposeForm();
  const [chosen, setOwn] = useState<string | null>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const ids = concepts.map(({ id }) => id);
  const own = chosen !== null && ids.includes(chosen) ? chosen : (ids[0] ?? "");
  useEffect(() => {
    const context = canvas.current?.getContext("2d");
    context?.putImageData(pictureOf(concepts, masks, latents), 0, 0);
  }, [concepts, masks, latents]);

  const paint = (event: PointerEvent<HTMLCanvasElement>): void => {
    if (event.type === "pointermove" && event.buttons !== 1) return;
    if (event.type === "pointerdown") event.currentTarget.setPointerCapture(event.pointerId);
    const box = event.currentTarget.getBoundingClientRect();
    const brush = {
      x: ((event.clientX - box.left) / box.width) * latents,
      y: ((event.clientY - box.top) / box.height) * latents,
      radius: BRUSH * latents,
    };
    change({ masks: painted(useComposeForm.getState().masks, ids, own, latents, brush) });
  };
  const split = (along: "x" | "y"): void => {
    const stripes = ids.map((id, i) => [id, stripe(latents, ids.length, i, along)] as const);
    change({ masks: { ...masks, ...Object.fromEntries(stripes) } });
  };
  const clear = (): void => {
    const nothing = ids.map((id) => [id, new Float32Array(latents ** 2)] as const);
    change({ masks: { ...masks, ...Object.fromEntries(nothing) } });
  };
  return (
    <Stack gap="xs">
      <SegmentedControl
        aria-label="Paint for"
        value={own}
        onChange={setOwn}
        data={concepts.map(({ id, name }, i) => ({
          value: id,
          label: (
            <span className={classes.legend}>
              <span className={classes.swatch} style={{ background: css(i) }} />
              {name}
            </span>
          ),
        }))}
      />
      <canvas
        ref={canvas}
        width={latents}
        height={latents}
        className={classes.regions}
        role="img"
        aria-label={regionsSentence(concepts, masks)}
        onPointerDown={paint}
        onPointerMove={paint}
      />
      <Group gap="xs">
        <Button size="xs" variant="default" onClick={() => split("x")}>
          Side by side
        </Button>
        <Button size="xs" variant="default" onClick={() => split("y")}>
          One above the other
        </Button>
        <Button size="xs" variant="default" onClick={clear}>
          Clear
        </Button>
      </Group>
      <Text size="xs" c="dimmed">
        Where nothing is painted, all concepts have equal shares.
      </Text>
    </Stack>
  );
}

function css(index: number): string {
  return `rgb(${(COLOURS[index] ?? COLOURS[0]).join(" ")})`;
}

function pictureOf(
  concepts: readonly ConceptRecord[],
  masks: Readonly<Record<string, Float32Array>>,
  size: number,
): ImageData {
  const image = new ImageData(size, size);
  for (const [i, { id }] of concepts.entries()) {
    masks[id]?.forEach((value, place) => {
      if (value > 0) image.data.set([...(COLOURS[i] ?? COLOURS[0]), 255], 4 * place);
    });
  }
  return image;
}

/** "Teddy has 50 % of the picture, Racer 25 %." */
function regionsSentence(
  concepts: readonly ConceptRecord[],
  masks: Readonly<Record<string, Float32Array>>,
): string {
  const shares = concepts.map(({ id, name }) => {
    const mask = masks[id];
    const share = mask === undefined ? 0 : mask.reduce((sum, x) => sum + x, 0) / mask.length;
    return `${name} ${Math.round(100 * share)} %`;
  });
  return `Painted regions: ${shares.join(", ")}`;
}
