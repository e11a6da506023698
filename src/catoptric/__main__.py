"""`python -m catoptric`."""

from catoptric.cli import main

if __name__ == "__main__":
    main()
