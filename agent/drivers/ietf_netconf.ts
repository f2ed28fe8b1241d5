import { defineDriver } from '../driver.ts'
import { netconfWay } from './shared/netconf.ts'

/** Any system with a NETCONF server. The framing tells where a reply ends, so a part of one is never taken for the whole. */
export default defineDriver({
  title: 'Any system over NETCONF',
  aliases: ['netconf', 'netconf_yang', 'yang', 'openconfig', 'netconfd', 'rfc6241'],
  ...netconfWay,
  transports: ['netconf'],
  prompt: /^\n$/,
  logout: [],
})
