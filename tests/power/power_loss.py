"""Simulates a power loss of a mounted file system: data that was not synced is lost, and nothing more can be written.

The ioctl is EXT4_IOC_SHUTDOWN (XFS has the same number) with NOLOGFLUSH, so the journal is not flushed either.
"""

import fcntl
import os
import struct
import sys

SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2

folder = os.open(sys.argv[1], os.O_RDONLY)
fcntl.ioctl(folder, SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
