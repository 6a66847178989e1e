/** @file Previews over time: a row a prompt, a column a step, the newest in view. */
import { Text, UnstyledButton } from "@mantine/core";
import { Fragment, useLayoutEffect, useMemo, useRef, useState } from "react";
import type { StoredPreview } from "../../state/runs.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { PreviewViewer } from "./preview-viewer.tsx";
import { previewTable } from "./preview-table.ts";
import classes from "./preview-grid.module.css";

interface PreviewGridProps {
  readonly previews: readonly StoredPreview[];
  /** In the order of the rows. */
  readonly prompts: readonly string[];
}

export function PreviewGrid({ previews, prompts }: PreviewGridProps) {
  const { steps, rows } = useMemo(() => previewTable(previews, prompts), [previews, prompts]);
  const [opened, setOpened] = useState<StoredPreview | null>(null);
  const scroller = useRef<HTMLDivElement>(null);
  const newest = steps.at(-1);

  useLayoutEffect(() => {
    const element = scroller.current;
    if (element !== null) element.scrollLeft = element.scrollWidth;
  }, [newest]);

  return (
    <>
      <div
        ref={scroller}
        className={classes.scroller}
        role="region"
        aria-label="Previews over time"
        tabIndex={0}
      >
        <table className={classes.table}>
          <thead>
            <tr>
              {steps.map((step) => (
                <th key={step} scope="col" className={classes.step}>
                  Step {step}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {rows.map(({ prompt, cells }) => (
              <Fragment key={prompt}>
                <tr>
                  <th
                    scope="rowgroup"
                    colSpan={Math.max(1, steps.length)}
                    className={classes.prompt}
                  >
                    <Text component="span" size="sm" className={classes.promptText}>
                      {prompt}
                    </Text>
                  </th>
                </tr>
                <tr>
                  {cells.map((preview, column) => (
                    <td key={steps[column]} className={classes.cell}>
                      {preview === null ? null : (
                        <UnstyledButton
                          className={classes.button}
                          onClick={() => {
                            setOpened(preview);
                          }}
                        >
                          <BlobImage
                            blob={preview.png}
                            alt={`${prompt}, step ${preview.step}`}
                            className={classes.image}
                          />
                        </UnstyledButton>
                      )}
                    </td>
                  ))}
                </tr>
              </Fragment>
            ))}
          </tbody>
        </table>
      </div>
      <PreviewViewer preview={opened} previews={previews} onShow={setOpened} />
    </>
  );
}
