"""`python -m responder` is `responder`."""

from responder.cli.main import main

main()
