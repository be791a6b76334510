"""`python -m flux_cli` is `flux`."""

from flux_cli.entrypoints.cli.app import main

if __name__ == "__main__":
    main()
