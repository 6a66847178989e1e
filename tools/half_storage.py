"""Store float32 initialisers as float16 followed by a Cast, when nothing is lost by it.

The arithmetic of the graph stays float32 (scales, epsilons and masks keep all their digits); only
the file gets half as large. onnxruntime folds the casts when it opens the model.
"""

import numpy as np
import onnx
from onnx import TensorProto, helper, numpy_helper

MIN_ELEMENTS = 256


def store_as_half(model: onnx.ModelProto) -> int:
    """Rewrite every float32 initialiser of MIN_ELEMENTS or more, in place; returns how many.

    Each must hold exact float16 numbers: the weights were saved as fp16, so anything else is a
    mistake of the export.
    """
    casts = []
    for tensor in model.graph.initializer:
        array = numpy_helper.to_array(tensor)
        if tensor.data_type != TensorProto.FLOAT or array.size < MIN_ELEMENTS:
            continue
        half = array.astype(np.float16)
        if not np.array_equal(half.astype(np.float32), array):
            raise ValueError(
                f"initialiser {tensor.name} {array.shape} holds numbers that float16 cannot"
            )
        name = tensor.name
        tensor.CopyFrom(numpy_helper.from_array(half, f"{name}.half"))
        casts.append(
            helper.make_node(
                "Cast", [f"{name}.half"], [name], name=f"{name}.widen", to=TensorProto.FLOAT
            )
        )
    nodes = list(model.graph.node)
    del model.graph.node[:]
    model.graph.node.extend(casts + nodes)
    return len(casts)
