"""A trained model for others: its card, and the Hub. Needs no deep-learning library."""
