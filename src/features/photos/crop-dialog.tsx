/** @file Which square of a photo training sees: moved and enlarged with pointer, fingers, or keys. */
import { Button, Group, Loader, Modal, Slider, Stack, Text } from "@mantine/core";
import { useMutation, useQuery } from "@tanstack/react-query";
import { useState } from "react";
import Cropper from "react-easy-crop";
import "react-easy-crop/react-easy-crop.css";
import { middleSquare, type Square } from "../../core/image/training-square.ts";
import { usePhotoLibrary, type PhotoSource, type PreparedPhoto } from "../../state/photos.ts";
import { ErrorAlert } from "../../ui/error-alert.tsx";
import { percentagesOf, squareFrom } from "./crop-square.ts";
import classes from "./photos.module.css";
import { useObjectUrl } from "./use-object-url.ts";

interface CropDialogProps {
  readonly photo: PreparedPhoto;
  readonly pictureSize: number;
  readonly onCut: (photo: PreparedPhoto) => void;
  readonly onClose: () => void;
}

export function CropDialog({ photo, pictureSize, onCut, onClose }: CropDialogProps) {
  const library = usePhotoLibrary();
  const source = useQuery({
    queryKey: ["photo-source", photo.id, photo.digest],
    queryFn: () => library.sourceOf(photo),
    gcTime: 0,
    staleTime: 0,
  });
  const cut = useMutation({
    mutationFn: ({ from, square }: { from: PhotoSource; square: Square }) =>
      library.cut(from, square, pictureSize, photo.id),
    onSuccess: onCut,
  });
  return (
    <Modal
      opened
      onClose={onClose}
      title={`Adjust the crop of ${photo.name}`}
      size="lg"
      centered
      // The cropper measures itself when it appears.
      transitionProps={{ duration: 0 }}
      closeButtonProps={{ "aria-label": "Close without changing" }}
    >
      <Stack>
        {source.isError ? (
          <ErrorAlert title="The photo cannot be shown" error={source.error} />
        ) : source.data === undefined ? (
          <Loader aria-label="Opening the photo" />
        ) : (
          <CropForm
            source={source.data}
            pictureSize={pictureSize}
            busy={cut.isPending}
            onCancel={onClose}
            onApply={(square) => cut.mutate({ from: source.data, square })}
          />
        )}
        {cut.isError ? <ErrorAlert title="The photo could not be cut" error={cut.error} /> : null}
      </Stack>
    </Modal>
  );
}

interface CropFormProps {
  readonly source: PhotoSource;
  readonly pictureSize: number;
  readonly busy: boolean;
  readonly onApply: (square: Square) => void;
  readonly onCancel: () => void;
}

const MOST_ZOOM = 8;

function CropForm({ source, pictureSize, busy, onApply, onCancel }: CropFormProps) {
  const url = useObjectUrl(source.preview);
  const [crop, setCrop] = useState({ x: 0, y: 0 });
  const [zoom, setZoom] = useState(1);
  const [square, setSquare] = useState(source.square ?? middleSquare(source));
  return (
    <>
      <div className={classes.cropper}>
        {url === null ? null : (
          <Cropper
            image={url}
            crop={crop}
            zoom={zoom}
            maxZoom={MOST_ZOOM}
            aspect={1}
            objectFit="vertical-cover"
            keyboardStep={4}
            disableAutomaticStylesInjection
            cropperProps={{
              // Arrow keys are for it, and not for a screen reader to move on with.
              role: "application",
              "aria-label": "Square to keep. Move it with the arrow keys.",
            }}
            mediaProps={{ alt: "" }}
            initialCroppedAreaPercentages={percentagesOf(square, source)}
            onCropChange={setCrop}
            onZoomChange={setZoom}
            onCropAreaChange={(area) => setSquare(squareFrom(area, source))}
          />
        )}
      </div>
      <Slider
        thumbLabel="Zoom"
        label={(value) => `${value.toFixed(1)} ×`}
        min={1}
        max={MOST_ZOOM}
        step={0.1}
        value={zoom}
        onChange={setZoom}
      />
      <Text size="sm" c="dimmed">
        {square.side} × {square.side} px of {source.width} × {source.height}. Drag the photo or use
        the arrow keys; scroll, pinch or use the slider to zoom.
        {square.side < pictureSize
          ? ` The model’s pictures have ${pictureSize} px a side, so this will look soft.`
          : null}
      </Text>
      <Group justify="space-between">
        <Button
          variant="default"
          onClick={() => {
            setCrop({ x: 0, y: 0 });
            setZoom(1);
          }}
        >
          Use the middle
        </Button>
        <Group>
          <Button variant="default" onClick={onCancel}>
            Cancel
          </Button>
          <Button loading={busy} onClick={() => onApply(square)}>
            Apply
          </Button>
        </Group>
      </Group>
    </>
  );
}
