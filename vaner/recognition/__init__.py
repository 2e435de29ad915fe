"""What all recognizers share: their protocol, streaming, and batching by length."""
