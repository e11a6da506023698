"""`pid` in place of a diffusers pipeline's scheduler, whose interface has no room for rejection."""

import math
from collections.abc import Sequence
from typing import Any

import torch
from torch import Tensor

from catoptric.errors import InputError
from catoptric.sampling.guidance import guided
from catoptric.sampling.pid import pid
from catoptric.sampling.result import SampleResult, Watch
from catoptric.sampling.settings import Guidance, pid_without_noise


class PipelineDenoiser:
    """The U-Net of a Stable Diffusion 1.x or 2.x pipeline as a denoiser D(x, sigma, condition).

    D = x - sigma e(x / sqrt(1 + sigma^2), t) for noise prediction, x / (1 + sigma^2) - sigma /
    sqrt(1 + sigma^2) v for v-prediction; t is read from the scheduler's training levels, linearly
    in ln sigma between them. Conditions are text embeddings [1, tokens, width].
    """

    def __init__(self, unet: Any, scheduler: Any, unconditional: Tensor) -> None:
        """Reads the training levels.

        Args:
            unet: `(x, t [B], encoder_hidden_states=...) -> .sample`.
            scheduler: has `alphas_cumprod` [levels] and `config.prediction_type`.
            unconditional: float [1, tokens, width], the embeddings of the negative prompt.

        Raises:
            InputError: for a prediction type or a scheduler that this cannot read.
        """
        kind = getattr(scheduler.config, "prediction_type", None)
        if kind not in ("epsilon", "v_prediction", "sample"):
            raise InputError(f"a model that predicts {kind!r} cannot be sampled here")
        kept = getattr(scheduler, "alphas_cumprod", None)
        if kept is None:
            raise InputError(
                f"{type(scheduler).__name__} has no training levels: use a pipeline of Stable "
                "Diffusion 1.x or 2.x"
            )
        kept = kept.double().to(unet.device)
        self._unet, self._kind, self._unconditional = unet, kind, unconditional
        self._levels = 0.5 * torch.log((1.0 - kept) / kept)
        self.sigma_min, self.sigma_max = (math.exp(float(self._levels[i])) for i in (0, -1))

    def _times(self, sigma: Tensor) -> Tensor:
        """Fractional training times of noise levels, float32 [B]."""
        wanted = torch.log(sigma.double())
        above = torch.searchsorted(self._levels, wanted).clamp(1, len(self._levels) - 1)
        low, high = self._levels[above - 1], self._levels[above]
        share = ((wanted - low) / (high - low)).clamp(0.0, 1.0)
        return (above - 1 + share).float()

    def __call__(self, x: Tensor, sigma: Tensor, condition: Tensor | None) -> Tensor:
        """Denoise; see `Denoiser`. `condition` None takes the negative prompt's embeddings."""
        s = sigma.view(-1, *(1,) * (x.ndim - 1))
        scale = torch.sqrt(1.0 + s**2)
        text = self._unconditional if condition is None else condition
        text = text.expand(x.shape[0], -1, -1)
        state = (x / scale).to(text.dtype)
        said: Tensor = self._unet(state, self._times(sigma), encoder_hidden_states=text).sample.to(
            x.dtype
        )
        if self._kind == "epsilon":
            return x - s * said
        if self._kind == "v_prediction":
            return x / scale**2 - (s / scale) * said
        return said


def sample_pipeline(
    pipeline: Any,
    prompt: str,
    *,
    negative_prompt: str = "",
    guidance: Guidance | float = 7.5,
    seeds: Sequence[int] = (0,),
    height: int | None = None,
    width: int | None = None,
    noise: Tensor | None = None,
    output_type: str = "pil",
    watch: Watch | None = None,
    **options: Any,
) -> tuple[Any, SampleResult]:
    """Pictures of a prompt from a Stable Diffusion pipeline, sampled by `pid`.

    Prompt, negative prompt, U-Net and decoder are the pipeline's; its scheduler only says what the
    model predicts at which noise levels. Start: sqrt(1 + sigma_max^2) times unit noise, as in
    diffusers' own noise-prediction schedulers. The U-Net is called with as many rows as there are
    pictures: bits may depend on that number; `sample` is the one that promises them.

    Args:
        pipeline: a `StableDiffusionPipeline`.
        prompt, negative_prompt: what the pictures are to show, and not.
        guidance: any guidance function of sigma, or a constant scale.
        seeds: one picture each, from diffusers' own CPU noise for that seed.
        height, width: in pixels; the model's own size unless told.
        noise: float [pictures, channels, h, w] unit noise in place of the seeds'.
        output_type: "pil", "np" or "pt", or "latent" for the result before the decoder.
        watch: called after each round that tried a step.
        options: of `PidOptions`, but for eta: rtol, atol, order, p, i, d, ..., or a `preset`.

    Returns:
        The pictures, and the `SampleResult` with the latents and what each of them cost.

    Raises:
        InputError: for a pipeline of another kind, no seeds, or an option that is impossible.
    """
    try:
        unet, scheduler, vae = pipeline.unet, pipeline.scheduler, pipeline.vae
        encoded = pipeline.encode_prompt(prompt, unet.device, 1, True, negative_prompt)
    except AttributeError as error:
        raise InputError(f"the pipeline is not a Stable Diffusion pipeline: {error}") from error
    if len(encoded) != 2:
        raise InputError("only pipelines of Stable Diffusion 1.x and 2.x are supported")
    if noise is None and not len(seeds):
        raise InputError("at least one seed is needed")
    if not isinstance(guidance, Guidance):
        guidance = Guidance.from_dict({"scale": guidance})
    chosen = pid_without_noise(options, "sample_pipeline")
    with torch.no_grad():
        condition, unconditional = encoded
        denoiser = PipelineDenoiser(unet, scheduler, unconditional)
        denoise = guided(denoiser, condition, guidance)
        if noise is None:
            side = unet.config.sample_size
            factor = pipeline.vae_scale_factor
            shape = (1, unet.config.in_channels, (height or side * factor) // factor)
            noise = torch.cat(
                [_cpu_noise((*shape, (width or side * factor) // factor), seed) for seed in seeds]
            )
        start = math.sqrt(1.0 + denoiser.sigma_max**2) * noise.to(unet.device).float()
        result = pid(
            denoise,
            start,
            denoiser.sigma_max,
            denoiser.sigma_min,
            slots=len(start),
            options=chosen,
            jumps=denoise.jumps,
            passes=denoise.passes,
            watch=watch,
            memory=denoise,
        )
        if output_type == "latent":
            return result.x, result
        decoded = vae.decode(result.x.to(vae.dtype) / vae.config.scaling_factor).sample
        return pipeline.image_processor.postprocess(decoded, output_type=output_type), result


def _cpu_noise(shape: tuple[int, ...], seed: int) -> Tensor:
    """What diffusers' randn_tensor gives for a CPU generator of this seed."""
    return torch.randn(shape, generator=torch.Generator("cpu").manual_seed(int(seed)))
