"""What the fork server of the tests loads first: it is a program like the command line, which has a file.

DuckDB takes a program without one for a prompt, and writes a bar of progress to its standard output where a query takes two
seconds, as on a busy machine: in the middle of an answer in JSON.
"""

import sys

sys.modules["__main__"].__file__ = __file__
