"""Label Studio tasks as JSON: write predictions, read predictions and annotations.

A task with ``annotations`` was exported from Label Studio, and the annotations count: the ground
truth if there is one, else the annotation that was changed last. A task that was not annotated, or
that was skipped, is not a document. A task without the field ``annotations`` is to be imported, and
its last prediction counts. The shorter export JSON-MIN is read too, and the files of a target
storage, in which each annotation contains its task.

Offsets are code points. Older versions counted UTF-16 units (Label Studio issues 1008 and 1347),
which is detected from the mentions that an export repeats.
"""

from vaner.formats.label_studio.reader import read
from vaner.formats.label_studio.writer import Stored, render, with_model_name

__all__ = ["Stored", "read", "render", "with_model_name"]
