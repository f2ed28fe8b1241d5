import { defineDriver } from '../driver.ts'
import { posixPrompt, posixRejected, scriptEnd, scriptRuns } from './shared/posix.ts'
import { urlSecrets } from './shared/secrets.ts'

/**
 * The database of Open vSwitch as `ovsdb-client dump` prints it (ovsdb-client(1)): tables, rows and columns in order, values
 * as JSON (RFC 7047 section 5.1), so that rows can be inserted again. Left out are empty columns and those that say how the
 * switch is, not how it shall be; they would also decide the order of rows. Flows and groups are configuration on a bridge
 * without a controller alone, and those with a time limit never.
 */
const states = `admin_state bfd_status bond_active_slave capabilities cfm_fault cfm_fault_status cfm_flap_count cfm_health
  cfm_remote_mpids cfm_remote_opstate cur_cfg datapath_id datapath_version datapath_types db_version dpdk_initialized dpdk_version duplex
  error iface_types ifindex is_connected lacp_current link_resets link_speed link_state mac_in_use mtu next_cfg ofport role
  rstp_statistics rstp_status statistics status _version`
const script = `PATH=$PATH:/usr/sbin:/usr/local/bin;
  all=$(ovsdb-client --format=csv --no-headings list-columns Open_vSwitch | cut -d, -f1,2 | LC_ALL=C sort |
    grep -v -E ",(${states.replace(/\s+/g, '|')})$"); [ -n "$all" ] || exit 1;
  for t in $(echo "$all" | cut -d, -f1 | uniq); do
    columns=""; for l in $all; do case $l in "$t",*) columns="$columns \${l#*,}";; esac; done;
    ovsdb-client --format=list --data=json dump Open_vSwitch "$t" $columns || exit 1; echo; done;
  for b in $(ovs-vsctl list-br | LC_ALL=C sort); do
    if [ -z "$(ovs-vsctl get-controller "$b")" ] && command -v ovs-ofctl >/dev/null; then
      for what in groups flows; do echo "### $what of bridge $b";
        ovs-ofctl -O OpenFlow10,OpenFlow11,OpenFlow12,OpenFlow13,OpenFlow14,OpenFlow15 --no-names --no-stats --sort "dump-$what" "$b" |
          grep -v -e "_timeout=" -e "^OFPS" -e "^NXST" | sed "s/^ *//;s/^reset_counts //"; done;
    fi; done;
  echo "${scriptEnd}"`

export default defineDriver({
  title: 'Open vSwitch',
  aliases: ['ovs', 'open_vswitch', 'ovs_linux', 'ovsdb'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: [/^(?:ovs\w*-\w+: |\S+\|WARN\|).*[Pp]ermission denied/],
  commands: [
    { run: ['ovs-vsctl --version', '/usr/bin/ovs-vsctl --version'], as: 'note', keep: /^(?:ovs-vsctl |DB Schema )/ },
    {
      run: scriptRuns(script),
      as: 'config',
      complete:
        /(?<![\s\S])[\w ]{1,60} table\n[\s\S]*^Open_vSwitch table\n[\s\S]*^sFlow table\n[\s\S]*^### end of configuration\n*(?![\s\S])/,
    },
  ],
  volatile: [/^\w{1,40} *: (?:\["(?:set|map)",\[\]\]|"")$/],
  secrets: [
    /\["[\w-]{0,40}(?:psk|password|passwd|passphrase|secret|token)","(?<secret>(?:\\.|[^"\\\n]){1,400})"\]/,
    ...urlSecrets,
  ],
})
