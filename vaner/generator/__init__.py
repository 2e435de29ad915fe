"""Entities by generation (LLMNER): bracketed answers, the instructions that ask for them."""
