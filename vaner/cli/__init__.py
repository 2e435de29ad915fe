"""The command line: ``vaner annotate``, ``vaner train`` and so on, with a file for each command.

torch and transformers are imported only by the commands that need them, so that ``--help`` is
fast.
"""
