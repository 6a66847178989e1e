/** @file What the GPU objects to while nobody asks: heard as it comes, and told with the next run. */

export class GpuErrors {
  private first: string | null = null;

  constructor(device: GPUDevice) {
    device.addEventListener("uncapturederror", ({ error }) => {
      this.first ??= error.message;
    });
  }

  /** The first complaint since the last call, or null. */
  take(): string | null {
    const { first } = this;
    this.first = null;
    return first;
  }
}
