"""stock_client.py DAEMON...: uses keys, sessions and locks through Debian's python3-consul, which was written for Consul.

Each DAEMON is an address whose port 8500 answers. Ends with status 0 if everything was as with Consul; the last line tells what was measured.
"""
import json
import sys
import threading
import time

import consul

DAEMONS = sys.argv[1:]


def client(i):
    return consul.Consul(host=DAEMONS[i % len(DAEMONS)])


def expect(what, found, wanted):
    if found != wanted:
        sys.exit(f'{what}: expected {wanted!r} but found {found!r}')


def keys():
    c = client(0)
    expect('put', c.kv.put('py/a', 'one'), True)
    index, entry = c.kv.get('py/a')
    expect('value', entry['Value'], b'one')
    expect('flags', entry['Flags'], 0)
    expect('lock index', entry['LockIndex'], 0)
    expect('no session', 'Session' in entry, False)
    expect('index', index, str(entry['ModifyIndex']))
    expect('missing', client(1).kv.get('py/none')[1], None)
    expect('swap with a wrong index', c.kv.put('py/a', 'two', cas=entry['ModifyIndex'] - 1), False)
    expect('swap', client(1).kv.put('py/a', 'two', cas=entry['ModifyIndex']), True)
    expect('create only', c.kv.put('py/a', 'three', cas=0), False)
    expect('flags', c.kv.put('py/b/c', b'\x00\xff', flags=2**64 - 1), True)
    for i in range(len(DAEMONS)):
        entries = client(i).kv.get('py/', recurse=True)[1]
        expect('recurse', [(e['Key'], e['Value']) for e in entries], [('py/a', b'two'), ('py/b/c', b'\x00\xff')])
        expect('unsigned flags', entries[1]['Flags'], 2**64 - 1)
        expect('keys', client(i).kv.get('py/', keys=True)[1], ['py/a', 'py/b/c'])
        expect('separator', client(i).kv.get('py/', keys=True, separator='/')[1], ['py/a', 'py/b/'])
        expect('consistent', client(i).kv.get('py/a', consistency='consistent')[1]['Value'], b'two')
    deadline = time.monotonic() + 20
    while client(2).kv.get('py/a', consistency='stale')[1]['Value'] != b'two':
        expect('stale copy catches up', time.monotonic() < deadline, True)
    expect('unicode', c.kv.put('py/\u00e4 \u20ac', '\u00e4'.encode()), True)
    expect('unicode', client(1).kv.get('py/\u00e4 \u20ac')[1]['Value'].decode(), '\u00e4')
    expect('empty', c.kv.put('py/empty', ''), True)
    expect('empty', c.kv.get('py/empty')[1]['Value'], None)
    expect('delete on condition', c.kv.delete('py/a', cas=1), False)
    expect('delete', c.kv.delete('py/a'), True)
    expect('delete tree', c.kv.delete('py/', recurse=True), True)
    expect('nothing left', c.kv.get('py/', recurse=True)[1], None)


def blocking():
    """Every daemon tells of a change while one waits for it; a wait in vain ends when it should."""
    delays = []
    for i in range(len(DAEMONS)):
        client(0).kv.put('py/watched', f'old {i}')
        index, _ = client(i).kv.get('py/watched')
        seen = []

        def watch():
            now, entry = client(i).kv.get('py/watched', index=index, wait='60s')
            seen.append((time.monotonic(), int(now), entry['Value']))

        thread = threading.Thread(target=watch)
        thread.start()
        time.sleep(0.5)
        client(1).kv.put('py/unrelated', str(i))
        time.sleep(0.3)
        expect('an unrelated change wakes nobody', seen, [])
        client(1).kv.put('py/watched', f'new {i}')
        changed = time.monotonic()
        thread.join(30)
        expect('the change was told', [s[2] for s in seen], [f'new {i}'.encode()])
        expect('the index grows', seen[0][1] > int(index), True)
        delays.append(seen[0][0] - changed)
    begin = time.monotonic()
    index, _ = client(0).kv.get('py/watched')
    again, _ = client(0).kv.get('py/watched', index=index, wait='1s')
    expect('nothing has changed', again, index)
    expect('the wait was not cut short', time.monotonic() - begin >= 1, True)
    return delays


def sessions():
    c = client(0)
    one = c.session.create(name='one', lock_delay=0, ttl=3600, behavior='delete')
    index, info = client(1).session.info(one)
    for field, wanted in dict(ID=one, Name='one', LockDelay=0, Behavior='delete').items():
        expect(field, info[field], wanted)
    expect('checks', info['NodeChecks'], ['serfHealth'])
    expect('node', [s['ID'] for s in c.session.node(info['Node'])[1]], [one])
    expect('list', one in [s['ID'] for s in client(2).session.list()[1]], True)
    expect('renew', client(2).session.renew(one)['ID'], one)
    expect('acquire', client(1).kv.put('py/owned', 'x', acquire=one), True)
    expect('session of the key', c.kv.get('py/owned')[1]['Session'], one)
    expect('destroy', c.session.destroy(one), True)
    expect('gone', c.session.info(one)[1], None)
    expect('its key went with it', c.kv.get('py/owned')[1], None)
    try:
        c.session.renew(one)
        sys.exit('a session that is gone was renewed')
    except consul.NotFound:
        pass
    try:
        c.kv.put('py/owned', 'x', acquire=one)
        sys.exit('a session that is gone took a lock')
    except consul.ConsulException as e:
        expect('invalid session', 'invalid session' in str(e), True)


class Lock:
    """Consul's own recipe: a session, acquire, and a blocking query while somebody else has it."""

    def __init__(self, c, key):
        self.c, self.key = c, key
        self.session = c.session.create(lock_delay=0, ttl=600, checks=[])

    def __enter__(self):
        while not self.c.kv.put(self.key, 'mine', acquire=self.session):
            index, entry = self.c.kv.get(self.key)
            if entry and 'Session' in entry:
                self.c.kv.get(self.key, index=index, wait='10s')
        return self

    def __exit__(self, *_):
        expect('release', self.c.kv.put(self.key, '', release=self.session), True)


def mutual_exclusion():
    """Workers on different daemons count with read and plain write, which only a lock keeps right."""
    workers, rounds = 4, 4
    client(0).kv.put('py/counter', '0')
    failures = []

    def work(i):
        try:
            c = client(i)
            lock = Lock(c, 'py/lock')
            for _ in range(rounds):
                with lock:
                    count = int(c.kv.get('py/counter')[1]['Value'])
                    c.kv.put('py/counter', str(count + 1))
            c.session.destroy(lock.session)
        except (Exception, SystemExit) as e:
            failures.append(repr(e))

    threads = [threading.Thread(target=work, args=(i,)) for i in range(workers)]
    for t in threads:
        t.start()
    for t in threads:
        t.join(120)
    expect('workers', failures, [])
    expect('counter', client(0).kv.get('py/counter')[1]['Value'], str(workers * rounds).encode())
    expect('lock index', client(0).kv.get('py/lock')[1]['LockIndex'], workers * rounds)


def expiry():
    """A holder that says nothing loses its lock after its time and not before; then the lock delay passes, then another one gets it."""
    c = client(0)
    created = time.monotonic()
    silent = c.session.create(ttl=10, lock_delay=6, checks=[])  # longer than a busy machine takes to tell of the release
    other = client(1).session.create(ttl=600, lock_delay=0, checks=[])
    expect('acquire', c.kv.put('py/expiry', 'silent', acquire=silent), True)
    index, _ = client(1).kv.get('py/expiry')
    index, entry = client(1).kv.get('py/expiry', index=index, wait='60s')
    ended = time.monotonic()
    expect('released', 'Session' in entry, False)
    expect('not before its time', ended - created >= 10, True)
    expect('lock delay', client(1).kv.put('py/expiry', 'other', acquire=other), False)
    while not client(1).kv.put('py/expiry', 'other', acquire=other):
        expect('the lock delay ends', time.monotonic() - ended < 60, True)
        time.sleep(0.1)
    expect('the lock delay was kept', time.monotonic() - ended >= 3, True)
    client(1).session.destroy(other)
    return ended - created


def pool():
    c = client(0)
    nodes = [n['Node'] for n in c.catalog.nodes()[1]]
    expect('nodes', len(nodes) >= len(DAEMONS), True)
    expect('datacenters', len(c.catalog.datacenters()), 1)
    expect('health', {h['Status'] for h in c.health.state('any')[1]}, {'passing'})
    expect('leader', c.status.leader().endswith(':8300'), True)
    expect('self', c.agent.self()['Config']['NodeName'] in nodes, True)


keys()
delays = blocking()
sessions()
mutual_exclusion()
pool()
lasted = expiry()
client(0).kv.delete('py/', recurse=True)
print(json.dumps({'told_after_s': [round(d, 3) for d in delays], 'silent_session_lasted_s': round(lasted, 2)}))
