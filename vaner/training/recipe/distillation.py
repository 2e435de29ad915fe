"""The recipe by which a smaller model learns from a larger one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaner.errors import RecipeError
from vaner.training.recipe.saved_tagger import depth_of, prompt_and_tag_fields
from vaner.training.recipe.schema import Recipe


def distillation(
    teacher: str,
    texts: Sequence[str],
    corpora: Sequence[str],
    *,
    layers: int | None = None,
    backbone: str | None = None,
    **stage: Any,
) -> Recipe:
    """A recipe for a pupil of a teacher's kind with fewer layers, all of whose weights are trained.

    It learns what the teacher thinks of `texts` and of the training sentences of `corpora`, and
    what these themselves annotate; it is chosen on their devel splits.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger.
        texts: files in any format; what they annotate is not read.
        corpora: at least one, by name, folder or file.
        layers: of the pupil's backbone; half as many as the teacher has if None.
        backbone: the pupil's; the teacher's if None.
        stage: fields of the recipe's stage, such as ``epochs``.

    Raises:
        ModelError: where the teacher is not a saved tagger.
        RecipeError: where there is no corpus, or the layers are more than the backbone has.
    """
    if not corpora:
        raise RecipeError("a pupil is chosen on the devel split of a corpus: name one at least")
    same, depth = prompt_and_tag_fields(teacher), depth_of(teacher)
    gold = [{"corpus": name, "nameless_fraction": 1.0} for name in corpora]
    soft = [{"corpus": str(name), "teacher": teacher} for name in (*texts, *corpora)]
    kept = layers or max(1, depth // 2)
    if backbone is None and kept > depth:
        raise RecipeError(f"{kept} layers are more than the {depth} that the teacher has")
    return Recipe.model_validate({
        "name": f"{Path(teacher).name}-student",
        "model": {**same, "backbone": backbone or same["backbone"], "layers": kept, "lora": None},
        "stages": [{"sources": [*soft, *gold], "learning_rate": 2e-4, **stage}],
        "dev": [{"corpus": name} for name in corpora],
    })  # fmt: skip
