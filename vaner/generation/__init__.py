"""Entities by generation (LLMNER): spans as brackets in their text."""
