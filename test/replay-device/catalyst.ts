/**
 * A made-up access switch for fleets: the shape of Cisco IOS output ("show version" and "show running-config" of the IOS
 * Configuration Fundamentals Command Reference), about 12 KB in all, with a login that needs `enable`.
 */
import type { Recording, Reply } from '../../agent/replay/recording.ts'

/** Stands wherever the device prints its name. */
export const CATALYST_NAME = 'catalyst-name'
/** Stands in the configuration; replace it and the configuration is another one. */
export const CATALYST_LOCATION = 'rack 0'
const PROMPT = `${CATALYST_NAME}#`

/** @param configBytes about how long the running configuration is; default 11,000 */
export function catalystRecording(configBytes = 11_000): Recording {
  const reply = (text: string): Reply => ({ segments: [{ text }], exit: 0 })
  return {
    driver: 'cisco_ios',
    evidence: 'documented',
    source: 'made up for fleets of replayed devices',
    secrets: ['fleet-enable', 'fleet-radius', 'fleet-community'],
    login: [{ text: `\nAuthorized access only.\n\n${CATALYST_NAME}>` }],
    runs: new Map([
      ['enable', { segments: [{ text: 'Password: ', waits: 'hidden' }, { text: PROMPT }], exit: 0 }],
      ['terminal length 0', reply(PROMPT)],
      ['terminal width 0', reply(PROMPT)],
      ['terminal width 511', reply(PROMPT)],
      ['show version', reply(`${version}\n${PROMPT}`)],
      ['show inventory', reply(`${inventory}\n${PROMPT}`)],
      ['show running-config', reply(`${runningConfig(configBytes)}\n\n${PROMPT}`)],
    ]),
    refuse: reply(`             ^\n% Invalid input detected at '^' marker.\n\n${PROMPT}`),
  }
}

const version = `Cisco IOS Software, C2960X Software (C2960X-UNIVERSALK9-M), Version 15.2(7)E4, RELEASE SOFTWARE (fc2)
Technical Support: http://www.cisco.com/techsupport

ROM: Bootstrap program is C2960X boot loader

${CATALYST_NAME} uptime is 41 weeks, 2 days, 3 hours, 51 minutes
System returned to ROM by power-on
System image file is "flash:/c2960x-universalk9-mz.152-7.E4.bin"

cisco WS-C2960X-48TS-L (APM86XXX) processor (revision B0) with 524288K bytes of memory.
Processor board ID FOC0000X000
48 Gigabit Ethernet interfaces

Configuration register is 0xF
`

const inventory = `NAME: "1", DESCR: "WS-C2960X-48TS-L"
PID: WS-C2960X-48TS-L  , VID: V02  , SN: FOC0000X000
`

const head = `Building configuration...

Current configuration : 10893 bytes
!
! Last configuration change at 09:14:02 UTC Mon Nov 2 2026
!
version 15.2
no service pad
service timestamps debug datetime msec
service timestamps log datetime msec
service password-encryption
!
hostname ${CATALYST_NAME}
!
enable secret 0 fleet-enable
!
aaa new-model
!
spanning-tree mode rapid-pvst
!`

const tail = `interface Vlan10
 ip address 10.20.30.40 255.255.255.0
!
radius server first
 address ipv4 10.20.30.1 auth-port 1812 acct-port 1813
 key fleet-radius
!
snmp-server community fleet-community RO
snmp-server location ${CATALYST_LOCATION}
!
banner motd ^C
Authorized access only. The prompt looks like ${CATALYST_NAME}#
^C
!
line con 0
line vty 0 4
 transport input ssh
!
end`

function runningConfig(bytes: number): string {
  const ports: string[] = []
  for (let port = 1, size = head.length + tail.length; size < bytes; port++) {
    const block = [
      `interface GigabitEthernet1/0/${port}`,
      ` description desk ${CATALYST_NAME} ${port}`,
      ' switchport access vlan 10',
      ' switchport mode access',
      ' storm-control broadcast level 1.00',
      ' spanning-tree portfast',
      ' spanning-tree bpduguard enable',
      '!',
    ].join('\n')
    ports.push(block)
    size += block.length + 1
  }
  return [head, ...ports, tail].join('\n')
}
