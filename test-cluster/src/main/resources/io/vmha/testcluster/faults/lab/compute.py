"""compute.py HOST DIRECTORY BUS_ADDRESS BUS_PORT STORAGE_ADDRESS STORAGE_PORT: the compute service of one simulated host.

It does what it is told over the bus (on the API network): "start VM NONCE" and "stop VM". Every guest is a process of its own that outlives this
one, and runs guest.py.
"""
import os
import signal
import socket
import sys
import time

import guest

HOST, DIRECTORY, BUS, BUS_PORT, STORAGE, STORAGE_PORT = sys.argv[1:7]
PIDS = os.path.join(DIRECTORY, "guests")
BEATS = os.path.join(DIRECTORY, "beats")


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
            guest.live(vm, nonce, HOST, BEATS, STORAGE, STORAGE_PORT)
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
            with guest.connect(BUS, BUS_PORT) as bus:
                serve(bus)
        except OSError:
            pass
        time.sleep(0.3)


main()
