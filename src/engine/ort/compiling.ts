/** @file Pipelines counted as they are compiled, onnxruntime's and ours: what a person watches in the meantime. */

/**
 * Does the work, and says after each pipeline that the device has compiled how many there are by now. How many there
 * will be nobody knows: onnxruntime finds out as it goes.
 */
export async function whileCompiling<T>(
  device: GPUDevice | null,
  onCompiled: (done: number) => void,
  work: () => Promise<T>,
): Promise<T> {
  if (device === null) return work();
  const compile = device.createComputePipelineAsync.bind(device);
  let done = 0;
  // In front of the prototype's, as long as the work lasts.
  device.createComputePipelineAsync = async (descriptor) => {
    const pipeline = await compile(descriptor);
    onCompiled(++done);
    return pipeline;
  };
  try {
    return await work();
  } finally {
    Reflect.deleteProperty(device, "createComputePipelineAsync");
  }
}
