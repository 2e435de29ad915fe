"""The labeling interface of Label Studio for documents: a label for each type of mention."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator
from xml.sax.saxutils import quoteattr

from vaner.text.documents import Document


def render(documents: Iterable[Document], losses: Counter[str]) -> Iterator[str]:
    """Yield the interface of a project into which the documents can be imported as tasks.

    Args:
        documents: the documents.
        losses: not changed; other formats count there what they cannot hold.
    """
    types = sorted({span.type for document in documents for span in document.spans})
    labels = "".join(f"    <Label value={quoteattr(type)}/>\n" for type in types)
    yield f"""\
<View>
  <Labels name="label" toName="text">
{labels}  </Labels>
  <Text name="text" value="$text"/>
</View>
"""
