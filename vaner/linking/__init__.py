"""What a mention refers to: abbreviations, and equal names in a document."""

from vaner.linking.abbreviations import Abbreviation, find_abbreviations
from vaner.linking.consistency import make_consistent

__all__ = ["Abbreviation", "find_abbreviations", "make_consistent"]
