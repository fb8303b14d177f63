# The databases of all services, made once (about half a minute of CPU) and from then on unpacked from a template. Sourced by `up`.
# shellcheck shell=bash disable=SC2034,SC2154

catalog() { # service name, type, address
  cat <<Y
keystone identity $K
nova compute http://$BIND:$P_NOVA/v2.1
placement placement http://$BIND:$P_PLACEMENT
glance image http://$BIND:$P_GLANCE
neutron network http://$BIND:$P_NEUTRON
Y
}

# The template's name says everything that the content depends on, but for addresses: those are set at every start.
template_key() {
  {
    dpkg-query -W -f '${Package} ${Version}\n' python3-{keystone,glance,placement,neutron,nova} mariadb-server-core
    echo "$PW"
    sha256sum <"$HERE/lib/database.sh"
  } | sha256sum | cut -c1-16
}

restore_or_create_databases() {
  local template
  template=$VMHA_CACHE/databases-$(template_key).tar
  if [ -f "$template" ]; then
    mkdir -p "$S/unpack" && tar -C "$S/unpack" -xf "$template" && cp -a "$S/unpack/etc/." "$C/" && mv "$S/unpack/mysql" "$S/mysql" ||
      die "cannot unpack $template; remove it and try again"
    rm -rf "$S/unpack"
    say "databases unpacked from the template"
    return
  fi
  say "making the databases (first run on this machine with these package versions)"
  rm -rf "$S/mysql.new"
  create_databases "$S/mysql.new"
  mkdir -p "$VMHA_CACHE" && mv "$S/mysql.new" "$S/mysql" && tar -C "$S" -Scf "$template.$$" mysql etc/fernet etc/credential &&
    mv "$template.$$" "$template" || die "cannot keep the template $template"
  say "template kept ($(du -m "$template" | cut -f1) MiB in $VMHA_CACHE)"
}

# Works in a directory of its own: a first run that was broken off leaves nothing that looks finished.
create_databases() {
  local conf=$C/my.cnf nova other
  sed -i "s|^datadir = .*|datadir = $1|" "$conf"
  mariadb-install-db --no-defaults --user=root --datadir="$1" --auth-root-authentication-method=normal --skip-test-db \
    >"$S/log/mariadb-install.log" 2>&1 || { tail -n 5 "$S/log/mariadb-install.log" >&2; die "mariadb-install-db"; }
  start_db
  {
    for d in keystone glance placement neutron nova_api nova_cell0 nova_cell1; do echo "create database $d character set utf8;"; done
    echo "create user vmha@'%' identified by '$PW'; grant all on *.* to vmha@'%';"
  } | sql || die "create databases"
  create_nova_schemas >"$S/log/sync-nova.log" 2>&1 &
  nova=$!
  create_other_schemas >"$S/log/sync-other.log" 2>&1 &
  other=$!
  wait $nova || { tail -n 5 "$S/log/sync-nova.log" >&2; die "nova's database schemas (log: $S/log/sync-nova.log)"; }
  say "nova's schemas made"
  wait $other || { tail -n 5 "$S/log/sync-other.log" >&2; die "database schemas (log: $S/log/sync-other.log)"; }
  say "all schemas made"
  start_keystone
  wait_http $P_KEYSTONE 120 keystone
  CATALOG=$(catalog) KEYSTONE=$K PW=$PW $PY "$HERE/lib/catalog.py" || die "cannot register the services in keystone"
  reap keystone KILL
  stop_db
  sed -i "s|^datadir = .*|datadir = $S/mysql|" "$conf"
}

create_nova_schemas() {
  manage() { $PY -c "$(py_entry nova.cmd.manage:main nova-manage)" --config-file "$C/nova.conf" "$@"; }
  # cell0 has the schema of a cell: copying it saves ten seconds of migrations
  manage api_db sync && manage cell_v2 map_cell0 --database_connection "$(db nova_cell0)" && manage db sync --local_cell &&
    mariadb-dump --defaults-file=/dev/null -S "$S/run/mysql.sock" -uroot nova_cell1 | sql nova_cell0 &&
    manage cell_v2 create_cell --name cell1 --database_connection "$(db nova_cell1)" --transport-url "$RABBIT"
}

create_other_schemas() (
  set -e
  mkdir -p "$C/fernet" "$C/credential"
  chmod 700 "$C/fernet" "$C/credential"
  manage() { /usr/bin/keystone-manage --config-file "$C/keystone.conf" "$@"; }
  manage db_sync
  manage fernet_setup --keystone-user root --keystone-group root
  manage credential_setup --keystone-user root --keystone-group root
  manage bootstrap --bootstrap-password $PW --bootstrap-region-id RegionOne --bootstrap-admin-url "$K" --bootstrap-internal-url "$K" --bootstrap-public-url "$K"
  $PY -c "$(py_entry glance.cmd.manage:main glance-manage)" --config-file "$C/glance.conf" db_sync
  OS_PLACEMENT_CONFIG_DIR=$C /usr/bin/placement-manage --config-file "$C/placement.conf" db sync
  $PY -c "$(py_entry neutron.db.migration.cli:main neutron-db-manage)" --config-file "$C/neutron.conf" upgrade heads
)

# The addresses in the databases are those of whoever made the template: set them to ours.
tell_databases_where() {
  local type url
  {
    catalog | while read -r _ type url; do
      echo "update keystone.endpoint e join keystone.service s on s.id = e.service_id set e.url = '$url' where s.type = '$type';"
    done
    echo "update nova_api.cell_mappings set database_connection = '$(db nova_cell1)', transport_url = '$RABBIT' where name = 'cell1';"
    echo "update nova_api.cell_mappings set database_connection = '$(db nova_cell0)' where name = 'cell0';"
  } | sql || die "cannot set the addresses in the databases"
}
