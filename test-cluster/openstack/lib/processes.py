"""The processes of one cloud, told from all others by the variable that `common.sh` gives them.

processes.py guests [HOST]     the live guests, one line "UUID HOST PID" each; UUIDs that run more than once on stderr, exit 1 then
processes.py kill-guests HOST  SIGKILL to every guest of HOST, until there is none
processes.py all               every process, one line "PID command" each
processes.py kill-all          SIGKILL to every process, until there is none
processes.py usage             processes, proportional memory (PSS) and CPU seconds so far, per service
"""
import glob
import os
import signal
import sys
import time

STATE = os.environ['VMHA_OPENSTACK_STATE']
MARK = ('VMHA_OPENSTACK_STATE=%s' % STATE).encode()


def read(path):
    try:
        with open(path, 'rb') as f:
            return f.read()
    except OSError:
        return b''


def running(pid):
    stat = read('/proc/%d/stat' % pid)
    return bool(stat) and stat.rsplit(b')', 1)[1].split()[0] not in (b'Z', b'X')


def ours():
    """All but this process and the shells that wait for it."""
    spared, pid = set(), os.getpid()
    while pid > 1:
        spared.add(pid)
        stat = read('/proc/%d/stat' % pid)
        pid = int(stat.rsplit(b')', 1)[1].split()[1]) if stat else 0
    for path in glob.glob('/proc/[0-9]*'):
        pid = int(path[6:])
        if pid not in spared and MARK in read(path + '/environ').split(b'\0') and running(pid):
            yield pid


def guests(host=None):
    for pid in ours():
        line = read('/proc/%d/cmdline' % pid).split(b'\0')
        if b'vmha-guest' in line:
            i = line.index(b'vmha-guest')
            uuid, where = line[i + 1].decode(), line[i + 2].decode()
            if host in (None, where):
                yield uuid, where, pid


def kill_until_gone(list_pids, what):
    """Gone is what is not there at five looks in a row: a process that is starting another program has no environment meanwhile."""
    deadline, empty = time.monotonic() + 20, 0
    while True:
        left = list(list_pids())
        empty = 0 if left else empty + 1
        if empty == 5:
            return
        if time.monotonic() > deadline:
            sys.exit('%s do not die: %s' % (what, left))
        for pid in left:
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                pass
        time.sleep(0.02)


def show_guests(host):
    found = sorted(guests(host))
    for row in found:
        print('%s %s %d' % row)
    uuids = [row[0] for row in found]
    twice = sorted({u for u in uuids if uuids.count(u) > 1})
    for uuid in twice:
        print('TWICE: %s' % uuid, file=sys.stderr)
    return 1 if twice else 0


def show_usage():
    ticks = os.sysconf('SC_CLK_TCK')
    sessions = {}
    for pid in ours():
        stat = read('/proc/%d/stat' % pid)
        if stat:
            f = stat.rsplit(b')', 1)[1].split()
            pss = [int(x.split()[1]) for x in read('/proc/%d/smaps_rollup' % pid).splitlines() if x.startswith(b'Pss:')]
            sessions.setdefault(int(f[3]), []).append((sum(pss), (int(f[11]) + int(f[12])) / ticks))
    rows = []
    for path in sorted(glob.glob(STATE + '/run/*.pid')):
        procs = sessions.pop(int(read(path) or 0), [])
        if procs:
            rows.append((os.path.basename(path)[:-4], procs))
    rows.append(('guests and others', [p for procs in sessions.values() for p in procs]))
    rows.append(('total', [p for _, procs in rows for p in procs]))
    for name, procs in rows:
        print('%-22s %3d processes %6.0f MiB %7.1f CPU s' % (name, len(procs), sum(p[0] for p in procs) / 1024, sum(p[1] for p in procs)))


def main():
    verb, args = sys.argv[1], sys.argv[2:]
    if verb == 'guests':
        return show_guests(args[0] if args else None)
    if verb == 'kill-guests':
        kill_until_gone(lambda: [g[2] for g in guests(args[0])], 'guests of ' + args[0])
    elif verb == 'all':
        for pid in ours():
            print(pid, read('/proc/%d/cmdline' % pid).replace(b'\0', b' ').decode(errors='replace').strip())
    elif verb == 'kill-all':
        kill_until_gone(ours, 'processes of ' + STATE)
    elif verb == 'usage':
        show_usage()
    else:
        sys.exit(__doc__)
    return 0


sys.exit(main())
