"""Recall of names that no training corpus annotates."""
