"""``vaner serve``: the annotator behind HTTP, and a page to try it and to correct what it found."""
