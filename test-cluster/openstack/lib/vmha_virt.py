"""A Nova virt driver for fault-injection tests: every "guest" is a real process.

In-tree fake.FakeDriver keeps its guests in memory, so a restarted nova-compute forgets them. Here a guest is a
process started in the hypervisor's own network namespace and recorded on disk, so that
  * guests outlive a nova-compute that was killed (as QEMU processes do),
  * "the host lost power" = kill nova-compute and all its guests,
  * the same VM running twice (failed fencing) is visible as two live processes for one uuid.
Disks lie in instances_path, which all hypervisors of this cloud share, as over NFS: evacuation keeps them.
Fault injection: files in the hypervisor's state directory: spawn_delay (seconds), spawn_fail (exists => spawn fails).
"""
import json
import os
import shutil
import signal
import subprocess
import tempfile
import time

from nova.compute import power_state
import nova.conf
from nova import exception
from nova.virt import fake
from nova.virt import hardware

CONF = nova.conf.CONF


class ProcessDriver(fake.FakeDriver):
    vcpus = 64
    memory_mb = 262144
    local_gb = 4096

    def init_host(self, host):
        super().init_host(host)
        self._dir = os.path.join(CONF.state_path, 'guests')
        os.makedirs(self._dir, exist_ok=True)
        for f in os.listdir(self._dir):
            if f.endswith('.json'):
                with open(os.path.join(self._dir, f)) as h:
                    d = json.load(h)
                self.instances[d['uuid']] = fake.FakeInstance(d['name'], power_state.NOSTATE, d['uuid'])
                self.resources.claim(**d['claim'])

    def get_host_ip_addr(self):
        return CONF.my_ip

    def _path(self, uuid):
        return os.path.join(self._dir, uuid + '.json')

    def _load(self, uuid):
        try:
            with open(self._path(uuid)) as h:
                return json.load(h)
        except FileNotFoundError:
            return None

    def _save(self, d):
        tmp = self._path(d['uuid']) + '.tmp'
        with open(tmp, 'w') as h:
            json.dump(d, h)
        os.rename(tmp, self._path(d['uuid']))
        self._name_process(d['uuid'], d['pid'])

    def _name_process(self, uuid, pid):
        """UUID.pid, as libvirt leaves it, for whoever must find the guest without its nova-compute: vmha-guard, vmhad."""
        path = os.path.join(self._dir, uuid + '.pid')
        if pid is None:
            try:
                os.unlink(path)
            except FileNotFoundError:
                pass
            return
        with open(path + '.tmp', 'w') as h:
            h.write('%d\n' % pid)
        os.rename(path + '.tmp', path)

    @staticmethod
    def _running(d):
        for _ in range(100):
            try:
                with open('/proc/%d/cmdline' % d['pid'], 'rb') as h:
                    line = h.read()
                with open('/proc/%d/stat' % d['pid']) as h:
                    state = h.read().rsplit(')', 1)[1].split()[0]
            except (OSError, KeyError, TypeError):
                return False
            if line or state in 'ZX':
                return d['uuid'].encode() in line
            time.sleep(0.01)  # just after exec() the new command line is not there yet
        return False

    def _boot(self, d):
        if not self._running(d):
            program = os.environ.get('VMHA_GUEST')
            p = subprocess.Popen(
                ([program] if program else ['/bin/sh', '-c', 'while :; do sleep 3600; done'])
                + ['vmha-guest', d['uuid'], self._host],
                stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, cwd='/',
                start_new_session=True)
            d['pid'], d['since'] = p.pid, time.time()
        self._save(d)

    def _halt(self, d):
        if self._running(d):
            try:
                os.killpg(d['pid'], signal.SIGKILL)
                os.waitpid(d['pid'], os.WNOHANG)
            except OSError:
                pass
        d['pid'] = None

    def _state(self, uuid):
        d = self._load(uuid)
        return power_state.RUNNING if d and self._running(d) else power_state.SHUTDOWN

    def _knob(self, name):
        try:
            with open(os.path.join(CONF.state_path, name)) as h:
                return h.read().strip() or '1'
        except FileNotFoundError:
            return None

    def spawn(self, context, instance, image_meta, injected_files, admin_password, allocations, network_info=None,
              block_device_info=None, power_on=True, accel_info=None):
        if self._knob('spawn_delay'):
            time.sleep(float(self._knob('spawn_delay')))
        if self._knob('spawn_fail'):
            raise exception.NovaException('injected: spawn failed on %s' % self._host)
        super().spawn(context, instance, image_meta, injected_files, admin_password, allocations, network_info,
                      block_device_info, power_on, accel_info)
        self._attach_disk(instance.uuid)
        f = instance.flavor
        d = {'uuid': instance.uuid, 'name': instance.name, 'pid': None,
             'claim': {'vcpus': f.vcpus, 'mem': f.memory_mb, 'disk': f.root_gb}}
        self._boot(d) if power_on else self._save(d)

    def power_off(self, instance, timeout=0, retry_interval=0):
        super().power_off(instance, timeout, retry_interval)
        d = self._load(instance.uuid)
        if d:
            self._halt(d)
            self._save(d)

    def power_on(self, context, instance, network_info, block_device_info=None, accel_info=None):
        super().power_on(context, instance, network_info, block_device_info, accel_info)
        d = self._load(instance.uuid)
        if d:
            self._boot(d)

    def migrate_disk_and_power_off(self, context, instance, dest, flavor, network_info, block_device_info=None,
                                   timeout=0, retry_interval=0):
        self.power_off(instance)

    def post_live_migration(self, context, instance, block_device_info, migrate_data=None):
        """On the source, before the destination spawns it: its disk is there too."""
        self.destroy(context, instance, None, block_device_info, destroy_disks=False)

    def finish_revert_migration(self, context, instance, network_info, migration, block_device_info=None,
                                power_on=True):
        super().finish_revert_migration(context, instance, network_info, migration, block_device_info, power_on)
        if power_on:
            self.power_on(context, instance, network_info)

    def resume_state_on_host_boot(self, context, instance, network_info, block_device_info=None):
        self.power_on(context, instance, network_info)

    def destroy(self, context, instance, network_info, block_device_info=None, destroy_disks=True,
                destroy_secrets=True):
        d = self._load(instance.uuid)
        if d:
            self._halt(d)
            self._name_process(instance.uuid, None)
            os.unlink(self._path(instance.uuid))
        if destroy_disks:
            shutil.rmtree(self._disk(instance.uuid), ignore_errors=True)
        super().destroy(context, instance, network_info, block_device_info, destroy_disks, destroy_secrets)

    # ---- disks on shared storage

    @staticmethod
    def _disk(uuid):
        return os.path.join(CONF.instances_path, uuid)

    def _attach_disk(self, uuid):
        os.makedirs(self._disk(uuid), exist_ok=True)
        with open(os.path.join(self._disk(uuid), 'disk'), 'a') as h:
            h.write('%s booted here at %.3f\n' % (self._host, time.time()))

    def instance_on_disk(self, instance):
        return os.path.exists(self._disk(instance.uuid))

    def check_instance_shared_storage_local(self, context, instance):
        if not os.path.isdir(self._disk(instance.uuid)):
            return None
        fd, name = tempfile.mkstemp(dir=self._disk(instance.uuid))
        os.close(fd)
        return {'filename': name}

    def check_instance_shared_storage_remote(self, context, data):
        return os.path.exists(data['filename'])

    def check_instance_shared_storage_cleanup(self, context, data):
        try:
            os.unlink(data['filename'])
        except FileNotFoundError:
            pass

    def get_info(self, instance, use_cache=True):
        if instance.uuid not in self.instances:
            raise exception.InstanceNotFound(instance_id=instance.uuid)
        return hardware.InstanceInfo(state=self._state(instance.uuid))
