"""What finds mentions: a tagger, a generator; a dictionary does it as well."""
