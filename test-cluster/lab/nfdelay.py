#!/usr/bin/env python3
"""nfdelay.py SOCKET: holds packets of NFQUEUE 7 back, each (source, destination) for its own time. Speaks nfnetlink itself, needs no library.

Control: one datagram "SOURCE DESTINATION DELAY_MS JITTER_MS" to the unix socket. Jitter lets packets overtake each other.
"""
import heapq
import os
import random
import select
import signal
import socket
import struct
import sys
import time

QUEUE = 7
NETLINK_NETFILTER = 12
SOL_NETLINK = 270
NETLINK_NO_ENOBUFS = 5
SO_RCVBUFFORCE = 33
SUBSYSTEM_QUEUE = 3
MSG_PACKET, MSG_VERDICT, MSG_CONFIG = 0, 1, 2
CFG_CMD, CFG_PARAMS, CFG_MAXLEN = 1, 2, 3
CMD_BIND, COPY_PACKET = 1, 2
PACKET_HDR, VERDICT_HDR, PAYLOAD = 1, 2, 10
NF_ACCEPT = 1


def attribute(kind, data):
    n = 4 + len(data)
    return struct.pack('=HH', n, kind) + data + b'\0' * (-n % 4)


class Queue:
    """The kernel's queue of packets that wait for a verdict."""

    def __init__(self):
        self.socket = socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, NETLINK_NETFILTER)
        self.socket.setsockopt(socket.SOL_SOCKET, SO_RCVBUFFORCE, 8 << 20)
        self.socket.bind((0, 0))
        self.sequence = 0
        self._configure(attribute(CFG_CMD, struct.pack('>BBH', CMD_BIND, 0, socket.AF_INET)))
        self._configure(attribute(CFG_PARAMS, struct.pack('>IB', 64, COPY_PACKET)))  # 64 bytes hold the addresses
        self._configure(attribute(CFG_MAXLEN, struct.pack('>I', 16384)))
        self.socket.setsockopt(SOL_NETLINK, NETLINK_NO_ENOBUFS, 1)

    def _send(self, kind, attributes, family=0, flags=1):
        self.sequence += 1
        body = struct.pack('>BBH', family, 0, QUEUE) + attributes
        self.socket.send(struct.pack('=IHHII', 16 + len(body), SUBSYSTEM_QUEUE << 8 | kind, flags, self.sequence, 0) + body)

    def _configure(self, attributes):
        self._send(MSG_CONFIG, attributes, flags=1 | 4)
        error = struct.unpack('=i', self.socket.recv(65536)[16:20])[0]
        if error:
            raise OSError(-error, os.strerror(-error))

    def accept(self, packet):
        self._send(MSG_VERDICT, attribute(VERDICT_HDR, struct.pack('>II', NF_ACCEPT, packet)))

    def packets(self):
        """Yields (packet number, (source, destination)) of what has come."""
        data, offset = self.socket.recv(1 << 18), 0
        while offset + 16 <= len(data):
            length, kind = struct.unpack_from('=IH', data, offset)
            if kind == SUBSYSTEM_QUEUE << 8 | MSG_PACKET:
                yield self._parse(data, offset + 20, offset + length)
            offset += (length + 3) & ~3

    @staticmethod
    def _parse(data, at, end):
        packet, addresses = None, None
        while at + 4 <= end:
            length, kind = struct.unpack_from('=HH', data, at)
            if kind & 0x7fff == PACKET_HDR:
                packet = struct.unpack_from('>I', data, at + 4)[0]
            elif kind & 0x7fff == PAYLOAD:
                addresses = (data[at + 16:at + 20], data[at + 20:at + 24])
            at += (length + 3) & ~3
        return packet, addresses


def main():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    queue = Queue()
    control = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
    control.bind(sys.argv[1])
    rules, held, count = {}, [], 0
    while True:
        now = time.monotonic()
        while held and held[0][0] <= now:
            queue.accept(heapq.heappop(held)[2])
        ready, _, _ = select.select([queue.socket, control], [], [], max(0, held[0][0] - now) if held else None)
        if control in ready:
            source, destination, delay_ms, jitter_ms = control.recv(4096).decode().split()
            rules[socket.inet_aton(source), socket.inet_aton(destination)] = float(delay_ms) / 1e3, float(jitter_ms) / 1e3
        if queue.socket in ready:
            now = time.monotonic()
            for packet, addresses in queue.packets():
                delay, jitter = rules.get(addresses, (0, 0))
                count += 1  # equal times keep their order
                heapq.heappush(held, (now + delay + random.uniform(-jitter, jitter), count, packet))


main()
