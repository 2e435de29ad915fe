"""What differs between kinds of models in training. The training loop is the same for all."""
