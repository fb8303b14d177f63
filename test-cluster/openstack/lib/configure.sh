# writes every configuration file under $S/etc (sourced by `up`)
# shellcheck shell=bash disable=SC2034,SC2154
C=$S/etc
mkdir -p "$C" "$S"/{log,run,hosts,lib,tmp,images,instances,lock,rabbit/home}
cp "$HERE"/lib/vmha_*.py "$S/lib/"
d=$S/lib/vmha_fakes-1.0.dist-info; mkdir -p "$d"
printf 'Metadata-Version: 2.1\nName: vmha-fakes\nVersion: 1.0\n' >"$d/METADATA"
printf '[neutron.ml2.mechanism_drivers]\nvmha = vmha_ml2:BindAll\n' >"$d/entry_points.txt"

db() { echo "mysql+pymysql://vmha:$PW@$BIND:$P_DB/$1?charset=utf8"; }
RABBIT=rabbit://vmha:$PW@$BIND:$P_RABBIT/
K=http://$BIND:$P_KEYSTONE/v3
auth() { # SECTION: a service's own keystone account
cat <<X
[$1]
auth_type = password
auth_url = $K
username = svc
password = $PW
project_name = service
user_domain_id = default
project_domain_id = default
region_name = RegionOne
X
}
authtoken() { auth keystone_authtoken; echo "www_authenticate_uri = $K"; echo "service_token_roles_required = true"; }
logs='use_stderr = true
debug = false
log_date_format = %H:%M:%S
default_log_levels = sqlalchemy=WARN,keystonemiddleware=ERROR,oslo.messaging=WARN,oslo_policy=ERROR,oslo_db=ERROR'

cat >"$C/my.cnf" <<X
[mysqld]
user = root
datadir = $S/mysql
socket = $S/run/mysql.sock
pid-file = $S/run/mariadbd.pid
bind-address = $BIND
port = $P_DB
skip-name-resolve
skip-log-bin
performance_schema = OFF
max_connections = 1000
innodb_buffer_pool_size = 192M
innodb_log_file_size = 32M
innodb_flush_log_at_trx_commit = 0
innodb_flush_method = nosync
innodb_doublewrite = 0
sync_frm = 0
key_buffer_size = 1M
aria_pagecache_buffer_size = 8M
X
cat >"$C/rabbitmq.conf" <<X
listeners.tcp.1 = $BIND:$P_RABBIT
default_user = vmha
default_pass = $PW
default_permissions.configure = .*
default_permissions.read = .*
default_permissions.write = .*
loopback_users = none
log.console = true
log.console.level = warning
log.file = false
collect_statistics = none
X
cat >"$C/keystone.conf" <<X
[DEFAULT]
$logs
[database]
connection = $(db keystone)
[identity]
password_hash_rounds = 4
[token]
provider = fernet
expiration = 86400
[fernet_tokens]
key_repository = $S/etc/fernet
[fernet_receipts]
key_repository = $S/etc/fernet
[credential]
key_repository = $S/etc/credential
[cache]
enabled = true
backend = dogpile.cache.memory_pickle
X
cat >"$C/placement.conf" <<X
[DEFAULT]
$logs
[placement_database]
connection = $(db placement)
[api]
auth_strategy = keystone
$(authtoken)
X
cat >"$C/glance.conf" <<X
[DEFAULT]
$logs
bind_host = $BIND
bind_port = $P_GLANCE
workers = 0
enabled_backends =
[database]
connection = $(db glance)
[glance_store]
stores = file
default_store = file
filesystem_store_datadir = $S/images
[paste_deploy]
flavor = keystone
config_file = $C/glance-paste.ini
[oslo_concurrency]
lock_path = $S/lock
[os_glance_staging_store]
filesystem_store_datadir = $S/tmp/glance-staging
[os_glance_tasks_store]
filesystem_store_datadir = $S/tmp/glance-tasks
$(authtoken)
X
cat >"$C/glance-paste.ini" <<X
[pipeline:glance-api-keystone]
pipeline = versionnegotiation authtoken context rootapp
[composite:rootapp]
paste.composite_factory = glance.api:root_app_factory
/: apiversions
/v2: apiv2app
[app:apiversions]
paste.app_factory = glance.api.versions:create_resource
[app:apiv2app]
paste.app_factory = glance.api.v2.router:API.factory
[filter:versionnegotiation]
paste.filter_factory = glance.api.middleware.version_negotiation:VersionNegotiationFilter.factory
[filter:context]
paste.filter_factory = glance.api.middleware.context:ContextMiddleware.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
delay_auth_decision = true
X
cat >"$C/neutron.conf" <<X
[DEFAULT]
$logs
bind_host = $BIND
bind_port = $P_NEUTRON
api_workers = 0
rpc_workers = 0
rpc_state_report_workers = 0
api_paste_config = $C/neutron-paste.ini
state_path = $S/tmp
core_plugin = ml2
service_plugins =
transport_url = $RABBIT
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = false
auth_strategy = keystone
dhcp_agent_notification = false
[database]
connection = $(db neutron)
[oslo_concurrency]
lock_path = $S/lock
[ml2]
type_drivers = local
tenant_network_types = local
mechanism_drivers = vmha
extension_drivers =
$(authtoken)
X
cat >"$C/neutron-paste.ini" <<X
[composite:neutron]
use = egg:Paste#urlmap
/: versions
/v2.0: v2
[pipeline:versions]
pipeline = neutronversions
[pipeline:v2]
pipeline = request_id catch_errors authtoken keystonecontext extensions neutronapiapp
[filter:request_id]
paste.filter_factory = oslo_middleware:RequestId.factory
[filter:catch_errors]
paste.filter_factory = oslo_middleware:CatchErrors.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:keystonecontext]
paste.filter_factory = neutron.auth:NeutronKeystoneContext.factory
[filter:extensions]
paste.filter_factory = neutron.api.extensions:plugin_aware_extension_middleware_factory
[app:neutronversions]
paste.app_factory = neutron.pecan_wsgi.app:versions_factory
[app:neutronapiapp]
paste.app_factory = neutron.api.v2.router:APIRouter.factory
X
cat >"$C/nova.conf" <<X
[DEFAULT]
$logs
my_ip = $BIND
state_path = $S/tmp
instances_path = $S/instances
transport_url = $RABBIT
enabled_apis = osapi_compute
osapi_compute_listen = $BIND
osapi_compute_listen_port = $P_NOVA
osapi_compute_workers = 1
compute_driver = vmha_virt.ProcessDriver
report_interval = $VMHA_REPORT_INTERVAL
service_down_time = $VMHA_SERVICE_DOWN_TIME
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
resume_guests_state_on_host_boot = false
rpc_response_timeout = 60
periodic_fuzzy_delay = 0
update_resources_interval = 10
[wsgi]
api_paste_config = $C/nova-paste.ini
[database]
connection = $(db nova_cell1)
[api_database]
connection = $(db nova_api)
[conductor]
workers = 1
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 2
[filter_scheduler]
track_instance_changes = false
[quota]
driver = nova.quota.NoopQuotaDriver
[oslo_concurrency]
lock_path = $S/lock
[vnc]
enabled = false
[cinder]
catalog_info = volumev3::publicURL
$(auth placement)
$(auth neutron)
$(auth glance)
$(auth service_user)
send_service_user_token = false
$(authtoken)
X
cat >"$C/nova-paste.ini" <<X
[composite:osapi_compute]
use = call:nova.api.openstack.urlmap:urlmap_factory
/: versions
/v2.1: version21
/v2.1/+: api21
[pipeline:versions]
pipeline = faultwrap app_versions
[pipeline:version21]
pipeline = compute_req_id faultwrap app_version21
[composite:api21]
use = call:nova.api.auth:pipeline_factory_v21
keystone = compute_req_id faultwrap request_log sizelimit authtoken keystonecontext app_api21
[app:app_versions]
paste.app_factory = nova.api.openstack.compute.versions:Versions.factory
[app:app_version21]
paste.app_factory = nova.api.openstack.compute.versions:VersionsV2.factory
[app:app_api21]
paste.app_factory = nova.api.openstack.compute:APIRouterV21.factory
[filter:compute_req_id]
paste.filter_factory = nova.api.compute_req_id:ComputeReqIdMiddleware.factory
[filter:faultwrap]
paste.filter_factory = nova.api.openstack:FaultWrapper.factory
[filter:request_log]
paste.filter_factory = nova.api.openstack.requestlog:RequestLog.factory
[filter:sizelimit]
paste.filter_factory = oslo_middleware:RequestBodySizeLimiter.factory
[filter:authtoken]
paste.filter_factory = keystonemiddleware.auth_token:filter_factory
[filter:keystonecontext]
paste.filter_factory = nova.api.auth:NovaKeystoneContext.factory
X
cat >"$S/openrc" <<X
export OS_AUTH_URL=$K OS_USERNAME=admin OS_PASSWORD=$PW OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_ID=default OS_PROJECT_DOMAIN_ID=default OS_REGION_NAME=RegionOne
export OS_IDENTITY_API_VERSION=3 OS_INTERFACE=public OS_COMPUTE_API_VERSION=2.92
X
cat >"$S/clouds.yaml" <<X
clouds:
  vmha:
    auth: {auth_url: "$K", username: admin, password: $PW, project_name: admin, user_domain_id: default, project_domain_id: default}
    region_name: RegionOne
    identity_api_version: 3
X
