/**
 * @file A ring that turns by a step a few times a second. A CSS animation is drawn for every frame of the screen, which on
 * a machine without a GPU takes a tenth of a core from what the person waits for.
 */
import type { MantineLoaderComponent } from "@mantine/core";
import { useEffect, useRef } from "react";
import classes from "./calm-loader.module.css";

const TURN_EVERY = 250;
const DEGREES = 45;

export const CalmLoader: MantineLoaderComponent = (props) => {
  const ring = useRef<HTMLSpanElement>(null);
  useEffect(() => {
    if (matchMedia("(prefers-reduced-motion: reduce)").matches) return;
    let angle = 0;
    const turning = setInterval(() => {
      angle = (angle + DEGREES) % 360;
      if (ring.current !== null) ring.current.style.rotate = `${angle}deg`;
    }, TURN_EVERY);
    return () => clearInterval(turning);
  }, []);
  return <span {...props} className={`${props.className ?? ""} ${classes.ring}`} ref={ring} />;
};
