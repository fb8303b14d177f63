"""Registers services, endpoints and the service account (what `openstack endpoint create` does, in one process)."""
import json
import os
import urllib.request

E = os.environ
K = E['KEYSTONE']


def call(method, path, body=None, token=None):
    r = urllib.request.Request(K + path, method=method, data=json.dumps(body).encode() if body is not None else None,
                               headers={'Content-Type': 'application/json', **({'X-Auth-Token': token} if token else {})})
    with urllib.request.urlopen(r) as f:
        raw = f.read()
        return f.headers, (json.loads(raw) if raw else None)


h, _ = call('POST', '/auth/tokens', {'auth': {
    'identity': {'methods': ['password'], 'password': {'user': {
        'name': 'admin', 'password': E['PW'], 'domain': {'id': 'default'}}}},
    'scope': {'project': {'name': 'admin', 'domain': {'id': 'default'}}}}})
t = h['X-Subject-Token']
project = call('POST', '/projects', {'project': {'name': 'service', 'domain_id': 'default'}}, t)[1]['project']['id']
user = call('POST', '/users', {'user': {'name': 'svc', 'password': E['PW'], 'domain_id': 'default'}}, t)[1]['user']['id']
roles = {r['name']: r['id'] for r in call('GET', '/roles', token=t)[1]['roles']}
service_role = call('POST', '/roles', {'role': {'name': 'service'}}, t)[1]['role']['id']
for r in (roles['admin'], service_role):
    call('PUT', '/projects/%s/users/%s/roles/%s' % (project, user, r), token=t)
for name, typ, url in (line.split() for line in E['CATALOG'].splitlines()):
    if typ == 'identity':
        continue  # keystone-manage bootstrap did that one
    s = call('POST', '/services', {'service': {'name': name, 'type': typ}}, t)[1]['service']['id']
    for i in ('public', 'internal', 'admin'):
        call('POST', '/endpoints', {'endpoint': {
            'service_id': s, 'interface': i, 'region_id': 'RegionOne', 'url': url}}, t)
