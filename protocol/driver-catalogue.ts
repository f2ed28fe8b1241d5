import type { Transport } from './transport.ts'

/** Made by `npm run generate` from agent/drivers/. Change it there. */

export interface DriverCatalogueEntry {
  readonly name: string
  /** As the vendor writes it. */
  readonly title: string
  readonly aliases: readonly string[]
  /** Ways in, the usual one first. */
  readonly transports: readonly Transport[]
}

/** Every driver of this release, by name: what people call it and what it reads. */
export const driverCatalogue: readonly DriverCatalogueEntry[] = [
  {
    name: 'arista_eos',
    title: 'Arista EOS',
    aliases: ['eos', 'arista', 'arista-eos', 'arista_eos_ssh'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'cisco_asa',
    title: 'Cisco ASA',
    aliases: ['asa', 'cisco_asa_ssh', 'cisco-asa', 'pix', 'fwsm'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'cisco_ios',
    title: 'Cisco IOS and IOS-XE',
    aliases: ['ios', 'iosxe', 'ios-xe', 'cisco', 'cisco_xe', 'cisco_iosxe', 'cisco-ios', 'cat9k', 'catalyst'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'cisco_nxos',
    title: 'Cisco NX-OS',
    aliases: ['nxos', 'nexus', 'cisco-nx', 'cisco-nxos', 'cisco_nxos_ssh', 'nx-os'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'fortinet_fortios',
    title: 'Fortinet FortiOS',
    aliases: ['fortios', 'fortigate', 'fortinet', 'fortigate-full', 'fortinet_ssh'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'frr',
    title: 'FRRouting',
    aliases: ['frrouting', 'vtysh', 'quagga', 'zebra'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'hp_procurve',
    title: 'HP ProCurve and ArubaOS-Switch',
    aliases: [
      'procurve',
      'hp',
      'hp_procurve_ssh',
      'aruba_osswitch',
      'aruba_os-switch',
      'hpe_procurve',
      'arubaos-switch',
    ],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'huawei_vrp',
    title: 'Huawei VRP',
    aliases: ['vrp', 'huawei', 'huawei_vrpv8', 'huawei_ssh', 'huawei-vrp', 'vrpv8'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'juniper_junos',
    title: 'Juniper Junos OS',
    aliases: ['junos', 'juniper', 'juniper-junos', 'juniper-srx', 'juniper_junos_ssh', 'junos-evolved'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'linux',
    title: 'Linux host over OpenSSH',
    aliases: ['linuxgeneric', 'linux_ssh', 'generic_linux', 'debian', 'ubuntu', 'openssh', 'redhat', 'alpine'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'mikrotik_routeros',
    title: 'MikroTik RouterOS',
    aliases: ['routeros', 'mikrotik', 'mikrotik_routeros_ssh', 'ros'],
    transports: ['ssh', 'telnet'],
  },
  {
    name: 'paloalto_panos',
    title: 'Palo Alto Networks PAN-OS',
    aliases: ['panos', 'pan-os', 'paloalto', 'palo_alto', 'paloalto_panos_ssh', 'panorama'],
    transports: ['ssh', 'telnet'],
  },
]
