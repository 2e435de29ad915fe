"""``vaner serve``: an HTTP server, and a web page for annotating and correcting text."""
