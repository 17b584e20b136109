"""Serves the local stack's website: see `web`."""

import argparse
from pathlib import Path

from werkzeug.serving import run_simple

from web import create_app


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--stack-file", type=Path, required=True)
    arguments.add_argument("--endpoint-url", required=True)
    arguments.add_argument("--port", type=int, required=True)
    options = arguments.parse_args()
    run_simple("127.0.0.1", options.port, create_app(options.stack_file, options.endpoint_url), threaded=True)


if __name__ == "__main__":
    main()
