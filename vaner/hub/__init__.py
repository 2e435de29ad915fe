"""Publish models on the Hugging Face Hub: model card, training record, results, push."""
