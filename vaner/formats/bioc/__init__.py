"""BioC, as XML and as JSON: both are read into, and written from, the same record.

A record is a dictionary in the shape of BioC JSON. Passages, infons, ids and relations are stored
in ``metadata["bioc"]`` and written back.
"""
