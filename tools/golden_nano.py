"""Reference values of the nano model, in float64, stored as float32."""

import numpy as np
import torch

import nano_models
import seeded
from custom_diffusion import (
    SEED,
    as_arrays,
    forward_loss,
    install_custom_diffusion,
    make_batch,
    projection_output_gradients,
)

TIMESTEPS = [17, 803]

UNET_NOTES = {
    "seeded": "sample, target, encoder_hidden_states [2,77,16]",
    "d_kv_packed": "[2,77,S] gradient at the outputs of to_k and to_v",
    "d_w_packed": "[E,S] gradient of the projections, each transposed to [E,C_l]",
    "d_q_out": "flat, per layer in execution order: to_q.weight [C,C], "
    "to_out.0.weight [C,C], to_out.0.bias [C], PyTorch layout",
}
TEXT_NOTES = {
    "d_inputs_embeds": "[B,77,E] gradient of sum(last_hidden_state * d_hidden)",
}
VAE_NOTES = {
    "encoder": "mean, logvar of normal(11, 'vae_sample', [2,3,32,32])",
    "decoder": "decoded for normal(11, 'latent_sample', [2,4,4,4])",
}


def unet() -> dict[str, np.ndarray]:
    """Forward, loss and every gradient of one Custom Diffusion step, batch 2."""
    model = nano_models.unet().double()
    batch = make_batch(model, TIMESTEPS)
    hidden = torch.from_numpy(
        seeded.normal(SEED, "encoder_hidden_states", (2, 77, nano_models.WIDTH))
    ).double()
    d_kv = projection_output_gradients(model, batch, hidden)

    processors = install_custom_diffusion(model, train_q_out=True).values()
    hidden.requires_grad_(True)
    prediction, loss = forward_loss(model, batch, hidden)
    loss.mean().backward()
    kv = [
        w
        for p in processors
        for w in (p.to_k_custom_diffusion.weight, p.to_v_custom_diffusion.weight)
    ]
    q_out = [
        w
        for p in processors
        for w in (
            p.to_q_custom_diffusion.weight,
            p.to_out_custom_diffusion[0].weight,
            p.to_out_custom_diffusion[0].bias,
        )
    ]
    d_w = torch.cat([w.grad.T for w in kv], dim=1)
    check_packing(hidden, d_kv, d_w, torch.cat([w.T for w in kv], dim=1))
    return as_arrays(
        timesteps=batch.timesteps,
        loss_weight=batch.loss_weight,
        noise_pred=prediction,
        loss=loss,
        total=loss.mean().reshape(1),
        d_kv_packed=d_kv,
        d_w_packed=d_w,
        d_encoder_hidden_states=hidden.grad,
        d_q_out=torch.cat([w.grad.flatten() for w in q_out]),
    )


def check_packing(
    hidden: torch.Tensor, d_kv: torch.Tensor, d_w: torch.Tensor, w: torch.Tensor
) -> None:
    """With d_kv's BOS row set to zero, dW = sum over B of c^T dKV and dc = dKV W^T."""
    masked = d_kv.clone()
    masked[:, 0] = 0
    torch.testing.assert_close(
        torch.einsum("ble,bls->es", hidden, masked), d_w, rtol=1e-9, atol=1e-12
    )
    torch.testing.assert_close(masked @ w.T, hidden.grad, rtol=1e-9, atol=1e-12)


def text_encoder() -> dict[str, np.ndarray]:
    """Hidden states of two captions, and the gradient at the embeddings of a seeded upstream."""
    model = nano_models.text_encoder().double()
    ids = torch.from_numpy(nano_models.input_ids(2))
    embedded: list[torch.Tensor] = []

    def keep(_module: object, _inputs: object, output: torch.Tensor) -> torch.Tensor:
        embedded.append(output.detach().requires_grad_(True))
        return embedded[0]

    hook = model.get_input_embeddings().register_forward_hook(keep)
    out = model(input_ids=ids)
    hook.remove()
    upstream = torch.from_numpy(
        seeded.normal(SEED, "d_hidden", tuple(out.last_hidden_state.shape))
    ).double()
    (gradient,) = torch.autograd.grad(out.last_hidden_state, embedded, upstream)
    return as_arrays(
        input_ids=ids,
        last_hidden_state=out.last_hidden_state,
        pooler_output=out.pooler_output,
        d_hidden=upstream,
        d_inputs_embeds=gradient,
    )


@torch.no_grad()
def vae() -> dict[str, np.ndarray]:
    """Encoder mean and log-variance, and decoded images, of seeded inputs."""
    model = nano_models.vae().double()
    images = torch.from_numpy(seeded.normal(SEED, "vae_sample", (2, 3, 32, 32))).double()
    latents = torch.from_numpy(seeded.normal(SEED, "latent_sample", (2, 4, 4, 4))).double()
    mean, logvar = model.encode(images).latent_dist.parameters.chunk(2, dim=1)
    return as_arrays(mean=mean, logvar=logvar, decoded=model.decode(latents).sample)
