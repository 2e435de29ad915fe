"""Which architectures of transformers work as a backbone, tried with tiny random models."""
