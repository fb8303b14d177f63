"""What `seed` does; see there."""
import argparse
import os
import sys

sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))
from cloud import Cloud  # noqa: E402


IMAGE = '6f0b5c50-52d5-4c7e-9b34-2f6fbbf4dc0f'  # known beforehand to whoever boots servers


def aggregate_over(cloud, az, hosts):
    found = {x['name']: x for x in cloud.nova('GET', '/os-aggregates')['aggregates']}
    if az not in found:
        found[az] = cloud.nova('POST', '/os-aggregates', {'aggregate': {'name': az, 'availability_zone': az}})['aggregate']
    for host in hosts:
        if host not in (found[az].get('hosts') or []):
            cloud.nova('POST', '/os-aggregates/%s/action' % found[az]['id'], {'add_host': {'host': host}})


def tiny_flavor(cloud):
    if not [f for f in cloud.nova('GET', '/flavors')['flavors'] if f['id'] == 'tiny']:
        cloud.nova('POST', '/flavors', {'flavor': {'name': 'tiny', 'id': 'tiny', 'ram': 64, 'vcpus': 1, 'disk': 1}})
    return 'tiny'


def tiny_image(cloud):
    images = cloud.svc('image', 'GET', '/v2/images?name=tiny')['images']
    if images:
        return images[0]['id']
    image = cloud.svc('image', 'POST', '/v2/images', {
        'id': IMAGE, 'name': 'tiny', 'disk_format': 'raw', 'container_format': 'bare', 'visibility': 'public'})['id']
    cloud.raw('PUT', cloud.ep['image'] + '/v2/images/%s/file' % image, data=b'\0' * 1024,
              headers={'Content-Type': 'application/octet-stream'})
    return image


def network(cloud):
    found = cloud.svc('network', 'GET', '/v2.0/networks?name=net1')['networks']
    if found:
        return [{'uuid': found[0]['id']}]
    net = cloud.svc('network', 'POST', '/v2.0/networks', {'network': {'name': 'net1'}})['network']['id']
    cloud.svc('network', 'POST', '/v2.0/subnets', {
        'subnet': {'network_id': net, 'cidr': '10.77.0.0/16', 'ip_version': 4, 'enable_dhcp': False}})
    return [{'uuid': net}]


def main():
    parser = argparse.ArgumentParser(prog='seed')
    parser.add_argument('--per-host', type=int, default=2)
    parser.add_argument('--az', default='az1')
    parser.add_argument('--net', action='store_true')
    parser.add_argument('hosts', nargs='+')
    options = parser.parse_args()

    cloud = Cloud()
    aggregate_over(cloud, options.az, options.hosts)
    flavor, image = tiny_flavor(cloud), tiny_image(cloud)
    net = network(cloud) if options.net else 'none'
    have = {s['name'] for s in cloud.servers()}
    booting = []
    for host in options.hosts:
        for i in range(1, options.per_host + 1):
            name = 'vm-%s-%d' % (host, i)
            if name not in have:
                booting.append(cloud.boot(name, image, flavor, '%s:%s' % (options.az, host), net))
    seconds = cloud.wait(booting, lambda s: s['status'] == 'ACTIVE', 300)
    print('%d servers booted, all ACTIVE after %.1f s' % (len(booting), seconds))


main()
