"""``python -m vaner``: the command line, for when the ``vaner`` script is not on the path."""

from vaner.cli.app import main

if __name__ == "__main__":
    main()
