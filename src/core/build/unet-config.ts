/** @file What the config.json of diffusers' UNet2DConditionModel says; whatever the studio cannot build is refused by its key. */
import { type Config, ConfigReader } from "./config-reader.ts";

const DOWN_BLOCKS = ["CrossAttnDownBlock2D", "DownBlock2D"] as const;
const UP_BLOCKS = ["CrossAttnUpBlock2D", "UpBlock2D"] as const;

/** One level of the UNet, on either side. */
export interface UnetLevel {
  readonly channels: number;
  readonly layers: number;
  readonly heads: number;
  /** Transformer blocks of each attention. */
  readonly depth: number;
}

export interface UnetConfig {
  readonly inChannels: number;
  readonly outChannels: number;
  /** From the image inwards. */
  readonly levels: readonly UnetLevel[];
  /** Whether the blocks attend to the text, from the image inwards. */
  readonly downAttends: readonly boolean[];
  /** The same on the way out, from the middle on. */
  readonly upAttends: readonly boolean[];
  readonly textWidth: number;
  readonly groups: number;
  readonly epsilon: number;
  readonly linearProjection: boolean;
  /** Whether the time embedding has its cosines first. */
  readonly flipSinToCos: boolean;
  readonly freqShift: number;
}

/** @param path names the file in errors */
export function readUnetConfig(config: Config, path = "unet/config.json"): UnetConfig {
  const read = new ConfigReader(config, path);
  refuseOthers(read);
  const down = read.choices("down_block_types", DOWN_BLOCKS);
  const up = read.choices("up_block_types", UP_BLOCKS);
  const channels = read.list("block_out_channels");
  const levels = down.length;
  if (up.length !== levels) throw read.unknown("up_block_types", `${levels} of them`);
  if (channels.length !== levels) throw read.unknown("block_out_channels", `${levels} numbers`);
  // diffusers' attention_head_dim is the number of heads, and num_attention_heads comes before it.
  const heads =
    config["num_attention_heads"] == null
      ? read.counts("attention_head_dim", levels, 8)
      : read.counts("num_attention_heads", levels);
  const layers = read.counts("layers_per_block", levels, 2);
  const depths = read.counts("transformer_layers_per_block", levels, 1);
  const groups = read.count("norm_num_groups", 32);
  channels.forEach((width, i) => {
    if (width % groups !== 0) throw read.unknown("norm_num_groups", `a divisor of ${width}`);
    const key =
      config["num_attention_heads"] == null ? "attention_head_dim" : "num_attention_heads";
    const attends = down[i] !== "DownBlock2D" || up[levels - 1 - i] !== "UpBlock2D";
    if (attends && width % heads[i]! !== 0) throw read.unknown(key, `a divisor of ${width}`);
  });
  if (channels[0]! % 2 !== 0) throw read.unknown("block_out_channels", "an even first number");
  return {
    inChannels: read.count("in_channels", 4),
    outChannels: read.count("out_channels", 4),
    levels: channels.map((width, i) => ({
      channels: width,
      layers: layers[i]!,
      heads: heads[i]!,
      depth: depths[i]!,
    })),
    downAttends: down.map((type) => type === "CrossAttnDownBlock2D"),
    upAttends: up.map((type) => type === "CrossAttnUpBlock2D"),
    textWidth: read.count("cross_attention_dim", 1280),
    groups,
    epsilon: read.number("norm_eps", 1e-5),
    linearProjection: read.flag("use_linear_projection", false),
    flipSinToCos: read.flag("flip_sin_to_cos", true),
    freqShift: read.number("freq_shift", 0),
  };
}

function refuseOthers(read: ConfigReader): void {
  read.only("_class_name", "UNet2DConditionModel");
  read.only("in_channels", 4);
  read.only("out_channels", 4);
  read.only("act_fn", "silu", "swish");
  read.only("mid_block_type", "UNetMidBlock2DCrossAttn");
  read.only("center_input_sample", false);
  read.only("downsample_padding", 1);
  read.only("mid_block_scale_factor", 1);
  read.only("resnet_time_scale_shift", "default");
  read.only("resnet_skip_time_act", false);
  read.only("resnet_out_scale_factor", 1);
  read.only("conv_in_kernel", 3);
  read.only("conv_out_kernel", 3);
  read.only("time_embedding_type", "positional");
  read.only("attention_type", "default");
  read.only("dual_cross_attention", false);
  read.only("only_cross_attention", false);
  read.only("mid_block_only_cross_attention", false);
  read.only("class_embeddings_concat", false);
  for (const key of [
    "addition_embed_type",
    "class_embed_type",
    "num_class_embeds",
    "cross_attention_norm",
    "encoder_hid_dim",
    "encoder_hid_dim_type",
    "reverse_transformer_layers_per_block",
    "time_cond_proj_dim",
    "time_embedding_act_fn",
    "time_embedding_dim",
    "timestep_post_act",
  ]) {
    read.only(key);
  }
}
