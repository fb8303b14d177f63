"""guest.py BEDS_DIRECTORY STORAGE_ADDRESS STORAGE_PORT vmha-guest VM HOST: one life of a guest; compute.py calls live() instead.

A guest writes a heartbeat with CLOCK_MONOTONIC into a file of its host and, over the storage network, to the shared disk.
"""
import errno
import os
import socket
import struct
import sys
import time

PERIOD_S = 0.2
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # what a dead machine had not sent yet is lost, as with a real one


def connect(address, port):
    s = socket.socket()
    s.settimeout(1)
    s.connect((address, int(port)))
    return s


class Disk:
    """The guest's disk on the shared storage. A write that cannot go out now is the kernel's to send later, as on NFS."""

    def __init__(self, address, port):
        self.address = address
        self.port = port
        self.socket = None
        self.retry_at = 0.0

    def write(self, line):
        if self.socket is None:
            if time.monotonic() < self.retry_at:
                return
            self.retry_at = time.monotonic() + 1
            try:
                self.socket = connect(self.address, self.port)
                self.socket.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, RESET_ON_CLOSE)
                self.socket.setblocking(False)
            except OSError:
                self.socket = None
                return
        try:
            self.socket.send(line.encode())
        except OSError as e:
            if e.errno != errno.EAGAIN:
                self.socket.close()
                self.socket = None


def live(vm, nonce, host, beats_directory, storage, port):
    disk = Disk(storage, port)
    sequence = 0
    due = time.monotonic()
    with open(os.path.join(beats_directory, vm + "." + nonce), "w", buffering=1) as beats:
        while True:
            sequence += 1
            now = time.monotonic_ns()
            beats.write("%d %d\n" % (sequence, now))
            disk.write("%s %s %s %d %d\n" % (vm, nonce, host, sequence, now))
            due = max(due + PERIOD_S, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))


def main():
    directory, storage, port, _, vm, host = sys.argv[1:7]
    beats = os.path.join(directory, host, "beats")
    os.makedirs(beats, exist_ok=True)
    live(vm, str(time.monotonic_ns()), host, beats, storage, port)


if __name__ == "__main__":
    main()
