/** @file Two images side by side, and where their settings differ. */
import { Modal } from "@mantine/core";
import { Fragment } from "react";
import type { ImageRecord } from "../../state/gallery.ts";
import { BlobImage } from "../../ui/blob-image.tsx";
import { compareFacts } from "./image-facts.ts";
import classes from "./compare.module.css";

interface CompareProps {
  /** Null while nothing is compared. */
  readonly pair: readonly [ImageRecord, ImageRecord] | null;
  readonly onClose: () => void;
}

export function Compare({ pair, onClose }: CompareProps) {
  return (
    <Modal
      opened={pair !== null}
      onClose={onClose}
      size="80rem"
      title="Compare two images"
      closeButtonProps={{ "aria-label": "Close" }}
    >
      {pair === null ? null : <SideBySide pair={pair} />}
    </Modal>
  );
}

function SideBySide({ pair }: { readonly pair: readonly [ImageRecord, ImageRecord] }) {
  return (
    <table className={classes.table}>
      <thead>
        <tr>
          {pair.map(({ id, png, settings }, i) => (
            <th key={id} scope="col">
              <BlobImage
                blob={png}
                alt={`${i === 0 ? "Left" : "Right"}: ${settings.prompt}`}
                className={classes.picture}
              />
            </th>
          ))}
        </tr>
      </thead>
      <tbody>
        {compareFacts(...pair).map(({ name, values, differs }) => (
          <Fragment key={name}>
            <tr className={differs ? classes.differs : undefined}>
              <th scope="rowgroup" colSpan={2} className={classes.name}>
                {differs ? `${name}: different` : name}
              </th>
            </tr>
            <tr className={differs ? classes.differs : undefined}>
              {values.map((value, i) => (
                <td key={i}>{value}</td>
              ))}
            </tr>
          </Fragment>
        ))}
      </tbody>
    </table>
  );
}
