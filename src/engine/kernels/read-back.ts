/** @file Numbers brought back from the GPU: several buffers in one copy that is waited for once. */
import { StudioError } from "../../core/errors.ts";

/** A stretch of a buffer, from its beginning. */
export type ReadPart = readonly [source: GPUBuffer, byteLength: number];

/**
 * Copies of the first bytes of buffers, end to end, after everything submitted before. Lengths are multiples of 4.
 * @throws StudioError "backend-unavailable" where the device is lost
 */
export async function readBuffers(
  device: GPUDevice,
  parts: readonly ReadPart[],
): Promise<ArrayBuffer> {
  const size = parts.reduce((sum, [, byteLength]) => sum + byteLength, 0);
  const usage = GPUBufferUsage.COPY_DST | GPUBufferUsage.MAP_READ;
  const target = device.createBuffer({ label: "read-back", size, usage });
  const commands = device.createCommandEncoder();
  let offset = 0;
  for (const [source, byteLength] of parts) {
    commands.copyBufferToBuffer(source, 0, target, offset, byteLength);
    offset += byteLength;
  }
  device.queue.submit([commands.finish()]);
  try {
    await target.mapAsync(GPUMapMode.READ);
  } catch (cause) {
    throw new StudioError(
      "backend-unavailable",
      "The GPU was lost while it computed; close what else uses it, and go on from the last checkpoint.",
      { cause },
    );
  }
  const bytes = target.getMappedRange().slice(0);
  target.destroy();
  return bytes;
}
