"""The two exporters of PyTorch, wrapped so that a `Part` is all they need.

legacy  TorchScript (dynamo=False), opset 14, dynamic axes: what optimum wrote for years. Shape
        arithmetic stays in the graph, LayerNorm and GELU come out as elementary operators, Linear
        weights as folded transposed copies "onnx::MatMul_123".
dynamo  torch.export (dynamo=True), opset 18, then onnxscript's optimizer: four times fewer nodes,
        LayerNormalization whole.
"""

import logging
import tempfile
import warnings
from pathlib import Path

import onnx
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import Attention, AttnProcessor, AttnProcessor2_0

from pipeline_parts import Part

# The exporter would list the torchvision operators that it could support.
logging.getLogger("torch.onnx").setLevel(logging.ERROR)

LEGACY_OPSET = 14
DYNAMO_OPSET = 18


def export_legacy(part: Part) -> onnx.ModelProto:
    """TorchScript export, with the UNet's attention written out as before PyTorch 2."""
    model = part.module.model
    if isinstance(model, UNet2DConditionModel):
        model.set_attn_processor(AttnProcessor())
    with tempfile.TemporaryDirectory() as folder, warnings.catch_warnings():
        warnings.simplefilter("ignore")  # deprecation of this exporter and notes of the tracer
        file = Path(folder) / "model.onnx"  # beside which come weights of more than 2 GB
        torch.onnx.export(
            part.module,
            tuple(part.inputs.values()),
            str(file),
            dynamo=False,
            opset_version=LEGACY_OPSET,
            do_constant_folding=True,
            input_names=list(part.inputs),
            output_names=part.outputs,
            dynamic_axes=part.axes,
        )
        exported = onnx.load(file)
    if isinstance(model, UNet2DConditionModel):
        model.set_attn_processor(AttnProcessor2_0())
    return exported


class SplitHeadsAttention:
    """diffusers attention processor that exports to the fewest operators.

        q, k, v = heads of to_q(x), to_k(c), to_v(c)          q, v [B,H,T,D]  k [B,H,D,L]
        to_out(softmax((q / sqrt(D)) k) v)

    The scale sits on q, the smallest tensor; k is transposed once, on its way out of the head
    split.
    """

    def __call__(
        self,
        attn: Attention,
        hidden_states: torch.Tensor,
        encoder_hidden_states: torch.Tensor | None = None,
        attention_mask: torch.Tensor | None = None,
    ) -> torch.Tensor:
        if attention_mask is not None or attn.norm_cross or attn.spatial_norm is not None:
            raise ValueError("only plain attention without a mask is exported")
        context = hidden_states if encoder_hidden_states is None else encoder_hidden_states
        batch, heads = hidden_states.shape[0], attn.heads

        def split(x: torch.Tensor, *order: int) -> torch.Tensor:
            return x.view(batch, -1, heads, x.shape[-1] // heads).permute(*order)

        query = split(attn.to_q(hidden_states), 0, 2, 1, 3) * attn.scale
        key = split(attn.to_k(context), 0, 2, 3, 1)
        value = split(attn.to_v(context), 0, 2, 1, 3)
        out = torch.matmul(torch.softmax(torch.matmul(query, key), dim=-1), value)
        return attn.to_out[0](out.transpose(1, 2).flatten(2))


def export_dynamo(part: Part, attention: object | None = None) -> onnx.ModelProto:
    """torch.export based export, all weights in the returned proto.

    `attention` is the UNet's attention processor, scaled_dot_product_attention if not given.
    timestep is traced with one element, so that the graph keeps the Expand to the batch; its axis
    is named afterwards.
    """
    if isinstance(part.module.model, UNet2DConditionModel):
        part.module.model.set_attn_processor(attention or AttnProcessor2_0())
    axes = tuple(None if name == "timestep" else part.axes.get(name) for name in part.inputs)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # notes of torch.export about traced constants
        program = torch.onnx.export(
            part.module,
            tuple(part.inputs.values()),
            dynamo=True,
            opset_version=DYNAMO_OPSET,
            input_names=list(part.inputs),
            output_names=part.outputs,
            dynamic_shapes=(axes,),
            verbose=False,
        )
    model = program.model_proto
    name_axes(model, part)
    return model


def name_axes(model: onnx.ModelProto, part: Part) -> None:
    """Give the dynamic axes of graph inputs and outputs the plain names of `part.axes`."""
    for value in [*model.graph.input, *model.graph.output]:
        dims = value.type.tensor_type.shape.dim
        for axis, name in part.axes.get(value.name, {}).items():
            dims[axis].dim_param = name
