"""compute.py HOST DIRECTORY BUS_ADDRESS BUS_PORT STORAGE_ADDRESS STORAGE_PORT: the compute service of one simulated host.

It does what it is told over the bus (on the API network): "start VM NONCE" and "stop VM". Every guest is a process of its own that outlives this
one. A guest writes a heartbeat with CLOCK_MONOTONIC into a file of its host and, over the storage network, to the shared disk.
"""
import errno
import os
import signal
import socket
import struct
import sys
import time

HOST, DIRECTORY, BUS, BUS_PORT, STORAGE, STORAGE_PORT = sys.argv[1:7]
PIDS = os.path.join(DIRECTORY, "guests")
BEATS = os.path.join(DIRECTORY, "beats")
PERIOD_S = 0.2
RESET_ON_CLOSE = struct.pack("ii", 1, 0)  # what a dead machine had not sent yet is lost, as with a real one


def connect(address, port):
    s = socket.socket()
    s.settimeout(1)
    s.connect((address, int(port)))
    return s


class Disk:
    """The guest's disk on the shared storage. A write that cannot go out now is the kernel's to send later, as on NFS."""

    def __init__(self):
        self.socket = None
        self.retry_at = 0.0

    def write(self, line):
        if self.socket is None:
            if time.monotonic() < self.retry_at:
                return
            self.retry_at = time.monotonic() + 1
            try:
                self.socket = connect(STORAGE, STORAGE_PORT)
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


def guest(vm, nonce):
    disk = Disk()
    sequence = 0
    due = time.monotonic()
    with open(os.path.join(BEATS, vm + "." + nonce), "w", buffering=1) as beats:
        while True:
            sequence += 1
            now = time.monotonic_ns()
            beats.write("%d %d\n" % (sequence, now))
            disk.write("%s %s %s %d %d\n" % (vm, nonce, HOST, sequence, now))
            due = max(due + PERIOD_S, time.monotonic())
            time.sleep(max(0.0, due - time.monotonic()))


def pid_file(vm):
    return os.path.join(PIDS, vm + ".pid")


def start(vm, nonce, bus):
    """An order may come twice: a guest with this nonce that has ever run is not started again."""
    if os.path.exists(os.path.join(BEATS, vm + "." + nonce)):
        return
    open(os.path.join(BEATS, vm + "." + nonce), "w").close()
    pid = os.fork()
    if pid == 0:
        os.setsid()
        signal.signal(signal.SIGCHLD, signal.SIG_DFL)
        bus.close()
        try:
            guest(vm, nonce)
        finally:
            os._exit(1)
    draft = pid_file(vm) + ".draft"
    with open(draft, "w") as f:
        f.write("%d\n" % pid)
    os.rename(draft, pid_file(vm))


def stop(vm):
    """Whoever ends a guest on purpose removes its pid file first: a crash leaves it behind."""
    try:
        with open(pid_file(vm)) as f:
            pid = int(f.read())
        os.unlink(pid_file(vm))
        os.kill(pid, signal.SIGKILL)
        while os.path.exists("/proc/%d/fd/1" % pid):
            time.sleep(0.01)
    except (OSError, ValueError):
        pass  # it does not run here


def serve(bus):
    bus.sendall(("hello %s\n" % HOST).encode())
    bus.settimeout(0.5)
    pending = b""
    while True:
        try:
            data = bus.recv(65536)
            if not data:
                return
            pending += data
        except socket.timeout:
            pass
        *lines, pending = pending.split(b"\n")
        for line in lines:
            words = line.decode().split()
            if words[0] == "start":
                start(words[1], words[2], bus)
            elif words[0] == "stop":
                stop(words[1])
            bus.sendall(b"done " + line + b"\n")
        bus.sendall(b"beat\n")


def main():
    os.makedirs(PIDS, exist_ok=True)
    os.makedirs(BEATS, exist_ok=True)
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    while True:
        try:
            with connect(BUS, BUS_PORT) as bus:
                serve(bus)
        except OSError:
            pass
        time.sleep(0.3)


main()
