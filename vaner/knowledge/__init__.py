"""Knowledge bases: concepts with names, dictionary matching, names related to a sentence."""
