"""Registers vaner's models and its pipeline with transformers when it is imported.

    import vaner.integrations.transformers  # registers the models and the task "vaner-ner"
    from transformers import AutoModelForTokenClassification, pipeline

    model = AutoModelForTokenClassification.from_pretrained("runs/ncbi/seed-1/model")
    recognize = pipeline("vaner-ner", model="runs/ncbi/seed-1/model")

Afterwards, `AutoConfig`, `AutoModel` and `AutoModelForTokenClassification` load saved models
without ``trust_remote_code``. ``import vaner`` alone does not register them: it would have to
import transformers, which takes seconds.
"""

from __future__ import annotations

# Each module registers something when it is imported. A config registers its model when the first
# config is created.
from vaner.generator.config import VanerGeneratorConfig
from vaner.integrations.transformers_pipeline import VanerPipeline, entities
from vaner.tagger.config import VanerConfig

__all__ = ["VanerConfig", "VanerGeneratorConfig", "VanerPipeline", "entities"]
