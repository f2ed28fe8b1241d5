import { describe, expect, it } from 'vitest'
import { judgeCommand } from './reading-commands.ts'

describe('a command of an own driver', () => {
  it.each([
    ...[
      'show running-config',
      'show configuration | display set | no-more',
      'show config',
      'display current-configuration',
    ],
    ...[
      'get system status',
      'cat /etc/network/interfaces',
      '/export',
      '/export show-sensitive',
      '/system resource print',
    ],
    ...['terminal length 0', 'no page', 'screen-length 0 temporary', 'set cli screen-length 0', 'environment no more'],
    ...['disable clipaging', 'enable', 'enable 15', 'super', 'exit', 'quit', 'admin show running-config', 'more off'],
  ])('%s is known to read', (command) => {
    expect(judgeCommand(command)).toBe('reads')
  })

  it.each([
    ...[
      'configure terminal',
      'reload',
      'write memory',
      'copy running-config tftp:',
      'delete flash:x',
      'no shutdown',
      'set x y',
    ],
    ...[
      'show run | redirect flash:x',
      'show configuration | save x',
      'show run | tee x',
      'show x || reload',
      'show run > x',
    ],
    ...[
      'show run; reload',
      'show run && reload',
      'cat `reboot`',
      'cat $(reboot)',
      'show run\rreload',
      '/export file=x',
      '',
    ],
    ...['/ip route print file = x', 'SHOW; RELOAD', 'bash -c id', 'tftp put x', 'request system reboot', 'system-view'],
  ])('%j is never taken', (command) => {
    expect(judgeCommand(command)).toBe('changes')
  })

  it.each(['acme quiet on', 'sh run', 'date 01010000', 'hostname', 'showtech', 'bigstatus'])(
    '%s is for a person at the site to allow',
    (command) => {
      expect(judgeCommand(command)).not.toBe('reads')
    },
  )

  it('is judged at once, whatever it is made of', () => {
    for (const piece of ['a ', '/a ', '/', 'show | ', 'set cli ', 'no ', ' ']) {
      expect(judgeCommand(`${piece.repeat(50_000)}!`)).not.toBe('reads')
    }
  })
})
