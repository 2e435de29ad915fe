"""Models of ours are known to transformers' Auto classes and pipelines after ``import vaner``.

transformers takes seconds to import, and so it is not imported for that. Instead a hook waits for
its own modules: once one of them is imported, by whomever, the module of ours is that registers
something in it.

>>> from transformers import AutoConfig  # doctest: +SKIP
>>> AutoConfig.from_pretrained("runs/ncbi/seed-1/model").types  # doctest: +SKIP
['Disease']
"""

from __future__ import annotations

import sys
from collections.abc import Sequence
from importlib import import_module
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec, PathFinder
from types import ModuleType
from typing import Any

# Module -> module of ours that registers in transformers when imported, which is done once the
# first one is there. The first three lines are a chain, not one: whoever begins with a config of
# ours is in the middle of it when transformers is imported. Configs need no torch; one that is made
# imports its model's module, see `BackboneModelConfig`.
REGISTERING = {
    "transformers.models.auto.configuration_auto": "vaner.backbones.config",
    "vaner.backbones.config": "vaner.tagger.config",
    "vaner.tagger.config": "vaner.generator.config",
    "transformers.pipelines": "vaner.integrations.transformers_pipeline",
}


class _Followed(Loader):
    """A module's own loader, and what is imported after it."""

    def __init__(self, loader: Loader, ours: str) -> None:
        self._loader, self._ours = loader, ours

    def __getattr__(self, name: str) -> Any:
        return getattr(self._loader, name)  # what tools ask loaders for: `get_source` …

    def create_module(self, spec: ModuleSpec) -> ModuleType | None:
        return self._loader.create_module(spec)

    def exec_module(self, module: ModuleType) -> None:
        self._loader.exec_module(module)
        import_module(self._ours)


class _Hook(MetaPathFinder):
    """Finds the modules that are waited for as Python does, and has them followed."""

    def find_spec(
        self, fullname: str, path: Sequence[str] | None = None, target: ModuleType | None = None
    ) -> ModuleSpec | None:
        ours = REGISTERING.get(fullname)
        spec = PathFinder.find_spec(fullname, path, target) if ours else None
        if spec is None or spec.loader is None or ours is None:
            return None
        spec.loader = _Followed(spec.loader, ours)
        return spec


def register() -> None:
    """Register now what transformers is imported of, and the rest when it is."""
    if any(isinstance(finder, _Hook) for finder in sys.meta_path):
        return
    sys.meta_path.insert(0, _Hook())
    for theirs, ours in REGISTERING.items():
        if theirs in sys.modules:
            import_module(ours)
