"""The generator (LLMNER): a language model copies a sentence and puts brackets around entities."""
