import { defineDriver } from '../driver.ts'
import { jsonCommands, jsonSecrets } from './shared/json.ts'

/**
 * The grid's own backup is no text, so its objects are read by WAPI: what DNS and DHCP are configured to serve. More objects than are asked
 * for is an error of the appliance, never a shorter list. Records of zones are left out: dynamic updates change them by themselves.
 */
const objects: Readonly<Record<string, string>> = {
  grid: 'name',
  member: 'host_name,comment,config_addr_type,vip_setting',
  view: 'name,network_view,comment,is_default',
  nsgroup: 'name,comment,grid_primary,grid_secondaries,external_primaries,external_secondaries',
  zone_auth:
    'fqdn,view,zone_format,comment,disable,ns_group,grid_primary,grid_secondaries,external_primaries,external_secondaries,extattrs',
  zone_forward: 'fqdn,view,comment,disable,forward_to,forwarders_only,extattrs',
  zone_delegated: 'fqdn,view,comment,disable,delegate_to,extattrs',
  networkview: 'name,comment,extattrs',
  networkcontainer: 'network,network_view,comment,extattrs',
  network: 'network,network_view,comment,disable,members,options,extattrs',
  range: 'start_addr,end_addr,network,network_view,comment,disable,member,failover_association,options,extattrs',
  fixedaddress: 'ipv4addr,mac,network_view,name,comment,disable,options,extattrs',
}

export default defineDriver({
  title: 'Infoblox NIOS',
  aliases: ['nios', 'infoblox', 'infoblox_wapi', 'wapi', 'infoblox_ddi'],
  comment: '// ',
  channel: 'exchange',
  transports: ['https'],
  prompt: /^\n$/,
  http: { login: { kind: 'basic' }, logout: { request: 'POST /wapi/v2.7/logout' } },
  rejected: [/^<(?:!DOCTYPE|html)/, /^ *"Error": /],
  commands: jsonCommands(
    Object.entries(objects).map(
      ([object, fields]) => `/wapi/v2.7/${object}?_max_results=200000&_return_fields=${fields}`,
    ),
  ),
  secrets: jsonSecrets(
    String.raw`tsig_key|\w{0,40}(?:password|secret|community_string|passphrase|auth_key|privacy_key)`,
  ),
  logout: [],
})
