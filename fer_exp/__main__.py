"""`python -m fer_exp` is `fer-exp`."""

import sys

from fer_exp.cli import main

if __name__ == "__main__":
    sys.exit(main())
