"""The number format of training."""

import torch
from peft.tuners.lora import LoraLayer


def uses_bf16(precision: str) -> bool:
    """Return whether to compute in bf16: ``bf16``, or ``auto`` on hardware that is fast at it."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def prepare_for_bf16(model: torch.nn.Module) -> None:
    """Avoid conversions that autocast repeats in every step; the results are the same numbers.

    Autocast converts the input and the weights of a linear layer to bf16, and caches only weights
    that are trained. So the frozen ones are stored in bf16, unless they are embeddings too. PEFT
    converts the inputs of adapters to fp32 before autocast converts them back.

    Args:
        model: the model to train under autocast, changed in place.
    """
    embeddings = {
        id(module.weight) for module in model.modules() if isinstance(module, torch.nn.Embedding)
    }
    for module in model.modules():
        if isinstance(module, LoraLayer):
            module.cast_input_dtype_enabled = False
        if type(module) is torch.nn.Linear:  # not its subclasses, which may be quantized
            for weights in module.parameters(recurse=False):
                if not weights.requires_grad and id(weights) not in embeddings:
                    weights.data = weights.data.to(torch.bfloat16)
