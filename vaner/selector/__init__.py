"""What sorts the right mentions from the wrong, whoever proposed them."""
