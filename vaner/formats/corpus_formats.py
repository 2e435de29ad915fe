"""The formats of corpora that are only read: BioCreative, i2b2, DDI, GENIA and CRAFT."""

from __future__ import annotations

from vaner.formats import chemdner, i2b2_con, knowtator, xml_standoff
from vaner.formats.declaration import Capabilities, Format

CORPUS_FORMATS = (
    Format(
        "chemdner",
        "BioCreative CHEMDNER, ChemProt and DrugProt: files of abstracts and of mentions",
        (".txt",),
        chemdner.read,
        is_identified_by_content=True,
        needs_folder=True,
        holds=Capabilities(discontinuous=False, scores=False, identifiers=False, relations=False),
    ),
    Format(
        "xml_standoff",
        "XML of DDI, i2b2, n2c2, MAE, MedTator and GENIA: texts with mentions",
        (".xml",),
        xml_standoff.read,
        aliases=("ddi", "i2b2", "n2c2", "genia"),
        is_identified_by_content=True,
        holds=Capabilities(scores=False, identifiers=False, relations=False),
        unread="relations, attributes",
    ),
    Format(
        "i2b2_con",
        "i2b2 2010: a folder of .con files, whose texts are next to them or in a folder txt",
        (i2b2_con.SUFFIX,),
        i2b2_con.read,
        aliases=("con",),
        needs_folder=True,
        holds=Capabilities(
            discontinuous=False,
            scores=False,
            identifiers=False,
            relations=False,
            document_ids="as file names",
        ),
        unread="assertions, relations",
    ),
    Format(
        "knowtator",
        "XML of Knowtator and eHOST: a folder of annotations, whose texts are next to it",
        (".xml",),
        knowtator.read,
        aliases=("ehost",),
        is_identified_by_content=True,
        needs_folder=True,
        holds=Capabilities(scores=False, relations=False, document_ids="as file names"),
        unread="attributes, relations",
    ),
)
"""The formats, in the order of the documentation."""
