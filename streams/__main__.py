"""`python -m streams` is `inkstream`."""

from streams.cli import main

main()
