"""Say, before anything is installed, whether this Python and this machine can run the course.

Written so that any Python, however old, can read it.
"""

import platform
import sys

SUPPORTED = ("3.11", "3.12", "3.13")


def main():
    """End with a message where the lock holds nothing for this machine."""
    found = "%d.%d" % sys.version_info[:2]  # noqa: UP031
    if found not in SUPPORTED:
        sys.exit(
            "This course needs Python %s, %s or %s; this is Python %s (%s).\n"
            "Name another one, for example: make lab PYTHON=python3.12"
            % (SUPPORTED + (found, sys.executable))  # noqa: RUF005
        )
    if sys.platform == "darwin" and platform.machine() == "x86_64":
        sys.exit(
            "TensorFlow is no longer made for Macs with an Intel processor, nor for an Intel Python"
            " on an Apple one.\nOn Apple silicon install a native Python; otherwise use Colab."
        )


main()
