"""The PyTorch side of a Custom Diffusion step: diffusers' processors, packed layout, loss.

Notation: B batch, L = 77 text tokens, E text width, C_l channels of cross-attention layer l, S =
sum over l of 2 C_l. Packed columns: layer0.to_k | layer0.to_v | layer1.to_k | layer1.to_v | ...,
layers in execution order.
"""

from dataclasses import dataclass

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from diffusers.models.attention_processor import (
    Attention,
    AttnProcessor,
    CustomDiffusionAttnProcessor,
)

import seeded

SEED = 11


def cross_attentions(unet: UNet2DConditionModel) -> dict[str, Attention]:
    """{diffusers name: module} of every attn2, in the order a forward pass runs them (by hooks).

    The order must be down blocks, mid block, up blocks, each by rising index; module order differs
    (mid block last).
    """
    modules = {name: m for name, m in unet.named_modules() if name.endswith(".attn2")}
    seen: list[str] = []
    hooks = [
        m.register_forward_hook(lambda *_, name=name: seen.append(name))
        for name, m in modules.items()
    ]
    weight = unet.conv_in.weight
    size, width = unet.config.sample_size, unet.config.cross_attention_dim
    with torch.no_grad():
        unet(
            weight.new_zeros(1, unet.config.in_channels, size, size),
            0,
            weight.new_zeros(1, 77, width),
        )
    for hook in hooks:
        hook.remove()
    stage = {"down_blocks": 0, "mid_block": 1, "up_blocks": 2}
    by_place = sorted(
        modules,
        key=lambda n: (stage[n.split(".")[0]], [int(p) for p in n.split(".") if p.isdigit()]),
    )
    if seen != by_place:
        raise RuntimeError(f"execution order {seen} is not down, mid, up")
    return {name: modules[name] for name in seen}


def install_plain(unet: UNet2DConditionModel) -> None:
    """Attention written out with batched products, no BOS rule, on all layers."""
    unet.set_attn_processor(AttnProcessor())


def install_custom_diffusion(
    unet: UNet2DConditionModel, train_q_out: bool
) -> dict[str, CustomDiffusionAttnProcessor]:
    """Trainable processors on every attn2, weights copied; {layer name: processor}."""
    layers = cross_attentions(unet)
    processors: dict[str, object] = {}
    for name in unet.attn_processors:
        layer = layers.get(name.removesuffix(".processor"))
        processors[name] = AttnProcessor() if layer is None else trainable(layer, train_q_out)
    unet.set_attn_processor(processors)
    return {name: layer.processor for name, layer in layers.items()}


def trainable(layer: Attention, train_q_out: bool) -> CustomDiffusionAttnProcessor:
    """A CustomDiffusionAttnProcessor that computes what `layer` does, on trainable copies."""
    channels, width = layer.to_k.weight.shape
    new = CustomDiffusionAttnProcessor(
        train_kv=True, train_q_out=train_q_out, hidden_size=channels, cross_attention_dim=width
    ).to(layer.to_k.weight.dtype)
    pairs = [
        (new.to_k_custom_diffusion.weight, layer.to_k.weight),
        (new.to_v_custom_diffusion.weight, layer.to_v.weight),
    ]
    if train_q_out:
        out = new.to_out_custom_diffusion[0]
        pairs += [(new.to_q_custom_diffusion.weight, layer.to_q.weight)]
        pairs += [(out.weight, layer.to_out[0].weight), (out.bias, layer.to_out[0].bias)]
    with torch.no_grad():
        for mine, theirs in pairs:
            mine.copy_(theirs)
    return new.requires_grad_(True)


@dataclass(frozen=True)
class Batch:
    """One training batch: sample, target, loss_weight [B,.,h,w], timesteps int64 [B]."""

    sample: torch.Tensor
    target: torch.Tensor
    loss_weight: torch.Tensor
    timesteps: torch.Tensor


def make_batch(unet: UNet2DConditionModel, timesteps: list[int]) -> Batch:
    """Seeded inputs; sample 0 has a rectangular mask, the others are whole.

    loss_weight [B,1,h,w] = mask / (channels * sum(mask)) / B, so that sum(loss_weight * (pred -
    target)^2) is the mean over the batch of each sample's masked mean squared error.
    """
    batch, channels, size = len(timesteps), unet.config.in_channels, unet.config.sample_size
    dtype = unet.dtype
    shape = (batch, channels, size, size)
    mask = torch.ones(batch, 1, size, size, dtype=dtype)
    mask[0] = 0
    mask[0, :, size // 8 : size // 8 * 6, size // 4 : size // 8 * 7] = 1
    weight = mask / (channels * mask.sum((1, 2, 3), keepdim=True)) / batch
    return Batch(
        torch.from_numpy(seeded.normal(SEED, "sample", shape)).to(dtype),
        torch.from_numpy(seeded.normal(SEED, "target", shape)).to(dtype),
        weight,
        torch.tensor(timesteps, dtype=torch.int64),
    )


def forward_loss(
    unet: UNet2DConditionModel, batch: Batch, hidden: torch.Tensor
) -> tuple[torch.Tensor, torch.Tensor]:
    """(noise_pred [B,4,h,w], loss of each sample [B]); the training loss is the mean of the latter.

    hidden: encoder_hidden_states [B,L,E].
    """
    prediction = unet(batch.sample, batch.timesteps, hidden, return_dict=False)[0]
    per_sample = len(hidden) * (batch.loss_weight * (prediction - batch.target) ** 2).sum((1, 2, 3))
    return prediction, per_sample


def projection_output_gradients(
    unet: UNet2DConditionModel, batch: Batch, hidden: torch.Tensor
) -> torch.Tensor:
    """d_kv_packed [B,L,S]: gradient at the outputs of to_k and to_v, all rows, no BOS rule."""
    install_plain(unet)
    outputs: list[torch.Tensor] = []

    def keep(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        output = output.detach().requires_grad_(True)
        outputs.append(output)
        return output

    layers = cross_attentions(unet).values()
    hooks = [p.register_forward_hook(keep) for layer in layers for p in (layer.to_k, layer.to_v)]
    _, per_sample = forward_loss(unet, batch, hidden.detach())
    gradients = torch.autograd.grad(per_sample.mean(), outputs)
    for hook in hooks:
        hook.remove()
    return torch.cat(gradients, dim=-1)


def as_arrays(**tensors: torch.Tensor) -> dict[str, np.ndarray]:
    """Contiguous arrays, floats as float32 and integers as int32."""
    out = {}
    for name, tensor in tensors.items():
        array = tensor.detach().cpu().numpy()
        out[name] = np.ascontiguousarray(
            array.astype(np.float32 if array.dtype.kind == "f" else np.int32)
        )
    return out
