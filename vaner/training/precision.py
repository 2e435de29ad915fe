"""The number format of training."""

import torch


def uses_bf16(precision: str) -> bool:
    """Return whether to compute in bf16: ``bf16``, or ``auto`` on hardware that is fast at it."""
    if precision != "auto":
        return precision == "bf16"
    if torch.cuda.is_available():
        return bool(torch.cuda.is_bf16_supported(including_emulation=False))
    capabilities = torch.backends.cpu.get_cpu_capability()
    return "AVX512" in capabilities and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())
