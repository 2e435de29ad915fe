"""Readers of vocabularies, one module per format; `readers` lists them by name."""
