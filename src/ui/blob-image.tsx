/** @file A picture that is a Blob: its object URL lives as long as the element. */
import { useCallback, type ComponentPropsWithoutRef } from "react";

interface BlobImageProps extends Omit<ComponentPropsWithoutRef<"img">, "src"> {
  readonly blob: Blob;
  readonly alt: string;
}

export function BlobImage({ blob, alt, ...rest }: BlobImageProps) {
  const show = useCallback(
    (image: HTMLImageElement) => {
      const url = URL.createObjectURL(blob);
      image.src = url;
      return () => URL.revokeObjectURL(url);
    },
    [blob],
  );
  return <img ref={show} alt={alt} decoding="async" {...rest} />;
}
