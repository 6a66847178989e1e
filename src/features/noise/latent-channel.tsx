/** @file One channel of latents as a picture, a pixel a value. */
import { Text } from "@mantine/core";
import { useEffect, useRef } from "react";
import { paintDiverging } from "../../ui/diverging-colours.ts";
import classes from "./latent-channel.module.css";
import type { Channel } from "./split-channels.ts";

interface LatentChannelProps {
  readonly index: number;
  readonly channel: Channel;
  /** The value that gets the end of the colour scale. */
  readonly limit: number;
}

export function LatentChannel({ index, channel, limit }: LatentChannelProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const { width, height, values } = channel;
  useEffect(() => {
    const pixels = new ImageData(paintDiverging(values, limit), width, height);
    canvas.current?.getContext("2d")?.putImageData(pixels, 0, 0);
  }, [values, limit, width, height]);
  const number = (index + 1).toString();
  return (
    <figure className={classes.figure}>
      <canvas
        ref={canvas}
        width={width}
        height={height}
        role="img"
        aria-label={`Predicted noise, channel ${number}`}
        className={classes.picture}
      />
      <Text component="figcaption" size="xs" c="dimmed">
        Channel {number}
      </Text>
    </figure>
  );
}

export function EmptyChannel({ index }: { readonly index: number }) {
  return (
    <div className={classes.figure}>
      <div className={`${classes.picture ?? ""} ${classes.empty ?? ""}`} />
      <Text size="xs" c="dimmed">
        Channel {index + 1}
      </Text>
    </div>
  );
}
