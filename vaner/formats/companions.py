"""Files of a folder that hold no documents, because they describe the other files of the folder."""

from __future__ import annotations

from pathlib import Path

from vaner.formats import class_names, xmi
from vaner.formats.file_names import is_readme


def is_companion(path: Path) -> bool:
    """Return whether a file describes others: a README, types of UIMA CAS, or names of tags."""
    return is_readme(path) or path.name == xmi.TYPE_SYSTEM or class_names.describes_classes(path)


def describe_saved_dataset(folder: Path) -> str | None:
    """Return how to read a folder that `save_to_disk` of `datasets` wrote; None for others."""
    is_saved = any(folder.glob("*.arrow")) and (folder / "state.json").is_file()
    if not is_saved and not (folder / "dataset_dict.json").is_file():
        return None
    return (
        "looks like a data set that save_to_disk of datasets wrote; read it in Python with "
        "load_from_disk and vaner.integrations.datasets.from_dataset, or write it with to_parquet"
    )
