"""The selector: reject wrong mentions, whatever recognizer proposed them."""
