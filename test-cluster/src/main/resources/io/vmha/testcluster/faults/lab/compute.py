"""compute.py HOST DIRECTORY BUS_ADDRESS BUS_PORT STORAGE_ADDRESS STORAGE_PORT [LIBVIRT_URI DISKS]: the compute service of one simulated host.

It does what it is told over the bus (on the API network): "start VM NONCE" and "stop VM". Every guest is a process of its own that outlives this
one, and runs guest.py.

With LIBVIRT_URI the guests are libvirt's: QEMU boots DISKS/VM, a copy of DISKS/boot that all hosts share. Such a guest writes its heartbeat on that
disk, and on a serial line that ends in a file of its host.
"""
import os
import queue
import signal
import socket
import subprocess
import sys
import threading
import time

import guest

HOST, DIRECTORY, BUS, BUS_PORT, STORAGE, STORAGE_PORT = sys.argv[1:7]
LIBVIRT, DISKS = sys.argv[7:9] if len(sys.argv) > 7 else ("", "")
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


class Domains:
    """The guests as libvirt's. It takes its time, and the bus must hear this service meanwhile: a thread brings about what is wanted last."""

    DISK_BYTES = 1 << 20
    LIMIT_S = 60
    AGAIN_S = 1
    XML = """<domain type='qemu'>
  <name>%(name)s</name><uuid>%(vm)s</uuid><memory unit='MiB'>16</memory><vcpu>1</vcpu>
  <os><type arch='x86_64' machine='pc'>hvm</type><boot dev='hd'/></os>
  <devices>
    <disk type='file' device='disk'>
      <driver name='qemu' type='raw'/><source file='%(disk)s'/><target dev='hda' bus='ide'/><shareable/>
    </disk>
    <serial type='file'><source path='%(serial)s' append='on'/></serial>
    <controller type='usb' model='none'/><memballoon model='none'/>
  </devices>
</domain>
"""

    def __init__(self):
        self.wanted = {}
        self.orders = queue.Queue()
        threading.Thread(target=self.work, daemon=True).start()

    def start(self, vm, nonce):
        self.wanted[vm] = nonce
        self.orders.put(vm)

    def stop(self, vm):
        self.wanted[vm] = ""
        self.orders.put(vm)

    def work(self):
        while True:
            vm = self.orders.get()
            try:
                done = self.bring_about(vm, self.wanted[vm])
            except (OSError, subprocess.SubprocessError) as e:
                done = False
                print("%s: %s" % (vm, e), flush=True)
            if not done:
                time.sleep(self.AGAIN_S)
                self.orders.put(vm)

    def virsh(self, *words):
        done = subprocess.run(
            ["virsh", "-q", "-c", LIBVIRT] + list(words),
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, timeout=self.LIMIT_S)
        said = done.stdout.decode("utf-8", "replace").strip()
        if done.returncode != 0:
            print("virsh %s ended with status %d: %s" % (" ".join(words), done.returncode, said), flush=True)
        return done.returncode, said

    def bring_about(self, vm, nonce):
        """False: to be tried again."""
        name = "instance-" + vm
        if not nonce:
            self.virsh("destroy", name)
            status, said = self.virsh("undefine", name)
            return status == 0 or "failed to get domain" in said
        serial = os.path.join(BEATS, vm + "." + nonce)
        if os.path.exists(serial):
            return True  # an order may come twice: a guest with this nonce that has ever run is not started again
        xml = os.path.join(PIDS, name + ".xml")
        with open(xml, "w") as f:
            f.write(self.XML % {"name": name, "vm": vm, "disk": self.disk(vm), "serial": serial})
        status, said = self.virsh("define", xml)
        if status == 0:
            status, said = self.virsh("start", name)
        if "already active" in said:
            self.virsh("destroy", name)  # an older copy, whose end this service has missed or been overtaken by
        if status != 0 and os.path.exists(serial) and os.path.getsize(serial) == 0:
            os.unlink(serial)  # killed before it has beaten, as a guard does without a lease: it has not run
        return status == 0

    def disk(self, vm):
        """The first host that runs a VM makes its disk."""
        disk = os.path.join(DISKS, vm)
        if not os.path.exists(disk):
            draft = "%s.%s.draft" % (disk, HOST)
            with open(os.path.join(DISKS, "boot"), "rb") as boot, open(draft, "wb") as f:
                f.write(boot.read(512))
                f.truncate(self.DISK_BYTES)
            try:
                os.link(draft, disk)
            except FileExistsError:
                pass
            os.unlink(draft)
        return disk


def serve(bus, domains):
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
            if domains and words[0] == "start":
                domains.start(words[1], words[2])
            elif domains and words[0] == "stop":
                domains.stop(words[1])
            elif words[0] == "start":
                start(words[1], words[2], bus)
            elif words[0] == "stop":
                stop(words[1])
            bus.sendall(b"done " + line + b"\n")
        bus.sendall(b"beat\n")


def main():
    os.makedirs(PIDS, exist_ok=True)
    os.makedirs(BEATS, exist_ok=True)
    if not LIBVIRT:
        signal.signal(signal.SIGCHLD, signal.SIG_IGN)
    domains = Domains() if LIBVIRT else None
    while True:
        try:
            with guest.connect(BUS, BUS_PORT) as bus:
                serve(bus, domains)
        except OSError:
            pass
        time.sleep(0.3)


main()
