"""evacuate.py HOST: force-down, evacuate every server, wait until all are ACTIVE elsewhere.  evacuate.py --return HOST: wait until it may work again."""
import os
import sys
import time

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cloud import Cloud  # noqa: E402


def evacuate(cloud, host):
    start = time.monotonic()
    cloud.force_down(host)
    servers = [s['id'] for s in cloud.servers(host=host)]
    for server in servers:
        cloud.nova('POST', '/servers/%s/action' % server, {'evacuate': {}}, '2.68')
    called = time.monotonic() - start
    cloud.wait(servers, lambda s: s['status'] == 'ACTIVE' and s['OS-EXT-SRV-ATTR:host'] != host and s['OS-EXT-STS:task_state'] is None)
    print('%d servers of %s: evacuation called after %.1f s, ACTIVE elsewhere after %.1f s' % (
        len(servers), host, called, time.monotonic() - start))


def wait_for_return(cloud, host):
    """Nova refuses to lift the force-down until the host's nova-compute has cleaned up after its evacuated servers."""
    start, refused = time.monotonic(), None
    while time.monotonic() - start < 90:
        if cloud.services()[host]['forced_down']:
            try:
                cloud.force_down(host, False)
            except RuntimeError as e:
                refused = e
        elif cloud.services()[host]['state'] == 'up':
            print('%s is back after %.1f s' % (host, time.monotonic() - start))
            return
        time.sleep(0.5)
    sys.exit('%s did not come back in 90 s: %s' % (host, refused))


if sys.argv[1] == '--return':
    wait_for_return(Cloud(), sys.argv[2])
else:
    evacuate(Cloud(), sys.argv[1])
