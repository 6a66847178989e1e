"""Reference values of the default model: one Custom Diffusion step on four captions at 256 px.

B = 4, L = 77, E = text width, V = vocabulary size. V* has the id V, one past the last row of the
token embedding table; its row starts as a copy of the row that the exported model's studio.json
names.
"""

import json
from pathlib import Path

import numpy as np
import torch
from diffusers import UNet2DConditionModel
from tokenizers import Tokenizer
from torch import nn
from transformers import CLIPTextModel

import seeded
from custom_diffusion import (
    as_arrays,
    forward_loss,
    install_custom_diffusion,
    make_batch,
    projection_output_gradients,
)

V_STAR = "<new1>"
CAPTIONS = [
    f"photo of a {V_STAR} bear on the beach",
    f"a photo of a {V_STAR} bear",
    f"a far away photo of a {V_STAR} bear in the snow",
    "painting of a bear on the grass",
]
TIMESTEPS = [41, 333, 612, 958]


def tokenize(tokenizer: Tokenizer, caption: str, length: int) -> list[int]:
    """BOS, the pieces of the caption with V_STAR as one token of id V, EOS up to `length`."""
    bos, eos = (tokenizer.token_to_id(t) for t in ("<|startoftext|>", "<|endoftext|>"))
    ids = [bos]
    for i, piece in enumerate(caption.split(V_STAR)):
        if i > 0:
            ids.append(tokenizer.get_vocab_size())
        ids += tokenizer.encode(piece, add_special_tokens=False).ids
    return ids + [eos] * (length - len(ids))


def with_new_token(encoder: CLIPTextModel, initializer: int) -> nn.Embedding:
    """Append a trainable copy of row `initializer`; returns the longer embedding [V+1, E]."""
    table = encoder.get_input_embeddings().weight
    longer = nn.Embedding.from_pretrained(
        torch.cat([table, table[initializer : initializer + 1]]), freeze=False
    )
    encoder.set_input_embeddings(longer)
    return longer


def unet(base: Path, model: Path) -> tuple[dict[str, np.ndarray], dict[str, str]]:
    """(tensors, notes). `base` is the diffusers folder, `model` the exported one."""
    fp16 = {"variant": "fp16"}
    net = UNet2DConditionModel.from_pretrained(
        base, subfolder="unet", torch_dtype=torch.float64, low_cpu_mem_usage=False, **fp16
    ).eval()
    encoder = CLIPTextModel.from_pretrained(
        base / "text_encoder", dtype=torch.float64, attn_implementation="eager", **fp16
    ).eval()
    net.requires_grad_(False)
    encoder.requires_grad_(False)
    tokenizer = Tokenizer.from_file(str(base / "tokenizer/tokenizer.json"))
    initializer = json.loads((model / "studio.json").read_text())["initializerTokens"][0]
    embedding = with_new_token(encoder, initializer["id"])
    ids = torch.tensor(
        [tokenize(tokenizer, c, encoder.config.max_position_embeddings) for c in CAPTIONS]
    )

    batch = make_batch(net, TIMESTEPS)
    with torch.no_grad():
        hidden = encoder(input_ids=ids).last_hidden_state
    d_kv = projection_output_gradients(net, batch, hidden)

    processors = install_custom_diffusion(net, train_q_out=False)
    hidden = encoder(input_ids=ids).last_hidden_state
    hidden.retain_grad()
    prediction, loss = forward_loss(net, batch, hidden)
    loss.mean().backward()
    row = embedding.weight.grad[-1]
    tensors = as_arrays(
        input_ids=ids,
        timesteps=batch.timesteps,
        loss_weight=batch.loss_weight,
        v_star_row=embedding.weight[-1],
        noise_pred=prediction,
        loss=loss,
        total=loss.mean().reshape(1),
        d_token_row=row,
    )
    tensors |= sketched("last_hidden_state", hidden)
    tensors |= sketched("d_kv_packed", d_kv)
    tensors |= sketched("d_encoder_hidden_states", hidden.grad)
    for name, processor in processors.items():
        tensors |= sketched(f"{name}.to_k.weight", processor.to_k_custom_diffusion.weight.grad)
        tensors |= sketched(f"{name}.to_v.weight", processor.to_v_custom_diffusion.weight.grad)
    return tensors, {
        "seeded": "sample, target",
        "captions": json.dumps(CAPTIONS),
        "initializer_token": json.dumps(initializer),
        "sketch": "X.sketch [1024] is the count sketch of X under the name X, X.norm its L2 norm",
        "LAYER.to_k.weight, LAYER.to_v.weight": "gradient of the projection, PyTorch layout [C,E]",
        "d_token_row": "[E] gradient of the total at the embedding row of id vocab_size",
        "d_kv_packed": "[4,77,S] gradient at the outputs of to_k and to_v",
    }


def sketched(name: str, tensor: torch.Tensor) -> dict[str, np.ndarray]:
    """{name.sketch: [1024], name.norm: [1]}."""
    array = tensor.detach().numpy()
    return {
        f"{name}.sketch": seeded.sketch(name, array),
        f"{name}.norm": np.array([np.linalg.norm(array.astype(np.float64))], dtype=np.float32),
    }
