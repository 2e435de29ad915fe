"""Small invented archives."""

from __future__ import annotations

import io
import tarfile

ABSTRACTS = "101\tAspirin and β-alanine\tNeither aspirin nor rest helped.\n"
ANNOTATIONS = "101\tT\t12\t21\tβ-alanine\tSYSTEMATIC\n101\tA\t8\t15\taspirin\tTRIVIAL\n"


def make_tar_gz(members: dict[str, str]) -> bytes:
    """Return a .tar.gz archive of texts, given as name -> text."""
    content = io.BytesIO()
    with tarfile.open(fileobj=content, mode="w:gz") as tar:
        for name, text in members.items():
            member = tarfile.TarInfo(name)
            member.size = len(text.encode())
            tar.addfile(member, io.BytesIO(text.encode()))
    return content.getvalue()


def make_chemdner_archive(**changed: str) -> bytes:
    """Return the original archive of BC4CHEMD, with one document per part.

    Args:
        changed: ``abstracts`` or ``annotations`` of the training part.
    """
    members = {"chemdner_corpus/README": "invented", "../../outside.txt": "never written"}
    for part in ("training", "development", "evaluation"):
        files = changed if part == "training" else {}
        members[f"chemdner_corpus/{part}.abstracts.txt"] = files.get("abstracts", ABSTRACTS)
        members[f"chemdner_corpus/{part}.annotations.txt"] = files.get("annotations", ANNOTATIONS)
    return make_tar_gz(members)
