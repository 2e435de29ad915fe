"""What a sentence says about a mention: negation, uncertainty, history and family history."""

from vaner.context.assertion import add_context, find_cues

__all__ = ["add_context", "find_cues"]
