"""BioC, as XML and as JSON: both tell the same record of a document.

A record is a dictionary in the shape of BioC JSON. Passages, infons, ids and relations are kept
under ``metadata["bioc"]`` and written back.
"""
