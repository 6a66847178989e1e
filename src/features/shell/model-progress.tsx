/** @file A thin line under the header while a model is being opened, whichever page is shown. */
import { Progress } from "@mantine/core";
import { useModel } from "../../state/engine-context.ts";
import classes from "./shell.module.css";

export function ModelProgress() {
  const status = useModel((state) => state.status);
  if (status.kind !== "opening") return null;
  const { progress } = status;
  const known = progress !== null && progress.total > 0;
  return (
    <Progress.Root size={3} radius={0} className={classes.opening}>
      <Progress.Section
        value={known ? (100 * progress.loaded) / progress.total : 100}
        striped={!known}
        aria-label="Opening the model"
      />
    </Progress.Root>
  );
}
