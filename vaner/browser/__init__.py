"""A web page that annotates in the browser: the exported model, and JavaScript that runs it."""
