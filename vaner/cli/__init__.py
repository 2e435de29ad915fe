"""The command line: ``vaner annotate | train | evaluate | corpus``, one file a command group.

Nothing here imports torch or transformers before a command needs them, so help is instant.
"""
