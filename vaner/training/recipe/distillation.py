"""Write the recipe that distills a tagger into a smaller one."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from vaner.errors import RecipeError
from vaner.training.recipe.models import TaggerRecipe
from vaner.training.recipe.saved_tagger import prompt_and_tag_fields, read_depth
from vaner.training.recipe.schema import Recipe


def make_distillation_recipe(
    teacher: str,
    texts: Sequence[str],
    corpora: Sequence[str],
    *,
    layers: int | None = None,
    backbone: str | None = None,
    **stage: Any,
) -> Recipe:
    """Return a recipe that trains all weights of a student with fewer layers than its teacher.

    The student learns the teacher's probabilities of `texts` and of the training sentences of
    `corpora`, and the annotations of `corpora`. The checkpoint is selected on their devel splits.

    Args:
        teacher: folder, Hub id or embedded name of a saved tagger.
        texts: files in any format; their annotations are not used.
        corpora: names, folders or files of corpora, at least one.
        layers: number of layers of the student's backbone; half of the teacher's if None.
        backbone: the student's backbone; the teacher's if None.
        stage: fields of the recipe's stage, such as ``epochs``.

    Raises:
        ModelError: if the teacher is not a saved tagger.
        RecipeError: if there is no corpus, or `layers` is more than the backbone has.
    """
    if not corpora:
        raise RecipeError("name at least one corpus: the student is selected on its devel split")
    fields = prompt_and_tag_fields(teacher, TaggerRecipe.fields_fixed_by_weights())
    depth = read_depth(teacher)
    gold = [{"corpus": name, "nameless_fraction": 1.0} for name in corpora]
    soft = [{"corpus": str(name), "teacher": teacher} for name in (*texts, *corpora)]
    student_layers = layers or max(1, depth // 2)
    if backbone is None and student_layers > depth:
        raise RecipeError(
            f"{student_layers} layers are more than the {depth} of the teacher: choose fewer"
        )
    model = {**fields, "layers": student_layers, "lora": None}
    return Recipe.model_validate({
        "name": f"{Path(teacher).name}-student",
        "model": model | {"backbone": backbone or fields["backbone"]},
        "stages": [{"sources": [*soft, *gold], "learning_rate": 2e-4, **stage}],
        "dev": [{"corpus": name} for name in corpora],
    })  # fmt: skip
