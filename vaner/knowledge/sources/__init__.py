"""Readers of the vocabularies, one file each; `readers` has them all by name."""
