"""free_ports.py FIRST COUNT ADDRESS: prints the first number from FIRST on, in steps of COUNT, with COUNT free TCP ports behind it."""
import socket
import sys

first, count, address = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]


def free(port):
    with socket.socket() as s:
        s.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            s.bind((address, port))
        except OSError:
            return False
    return True


for base in range(first, 32000, count):
    if all(free(base + i) for i in range(count)):
        print(base)
        sys.exit(0)
sys.exit('no %d free TCP ports in a row between %d and 32000 on %s' % (count, first, address))
