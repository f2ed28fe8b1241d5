import { commonPagers, defineDriver } from '../driver.ts'
import { iosDenied, iosEnable, iosPrompt, iosRejected, iosSecrets } from './shared/ios-like.ts'

/**
 * The switches of the series 3400, 5400 and 5500, which speak the language of their Marvell software. The older ones print the
 * defaults of the model behind the configuration, the newer ones begin with a header and end in a closed block; a cut in
 * the defaults, or between two lines of the top level, is seen only by the missing prompt.
 */
export default defineDriver({
  title: 'Dell PowerConnect',
  aliases: [
    'powerconnect',
    'dell-powerconnect',
    'dell_powerconnect_telnet',
    'dell_powerconnect_ssh',
    'powerconnect 5500',
    'radlan',
    'dell',
  ],
  comment: '! ',
  channel: 'shell',
  prompt: iosPrompt,
  enable: iosEnable,
  pagers: [
    { when: /^More: <space>,\s{1,3}Quit: q(?: or CTRL\+Z)?,\s{1,3}One line: <return> ?$/, send: ' ' },
    ...commonPagers,
  ],
  prepare: ['terminal datadump'],
  rejected: [/^% ?(?:[Uu]nrecognized|[Ii]ncomplete|[Aa]mbiguous|[Mm]issing|[Bb]ad|[Ww]rong)/, ...iosRejected],
  denied: iosDenied,
  commands: [
    { run: 'show version', as: 'note', keep: /^(?:(?:SW|Boot|HW) version|Unit +SW| +\d +\d+\.\d+\.\d)/ },
    { run: 'show system id', as: 'note', keep: /^(?:Service [Tt]ag|Serial [Nn]umber|Asset [Tt]ag|Unit|----| *\d +\S)/ },
    {
      run: 'show running-config',
      as: 'config',
      complete:
        /(?<![\s\S])(?:(?!show )[\s\S]*^Default settings: *\n[\s\S]*^SW version .*\n[\s\S]*^(?:qos|spanning-tree|interface|no) .*\s*(?![\s\S])|config-file-header *\n[\s\S]*^(?:exit|!) *\n(?:(?!(?:interface|vlan database|line)\b)(?:\S.*)?\n)*(?![\s\S]))/,
      idleMs: 60_000,
      totalMs: 300_000,
    },
  ],
  secrets: [
    /^snmp-server user \S+ .*?\bauth-(?:md5|sha)(?:-key)? (?<secret>\S+)/,
    /^(?:encrypted )?(?:sntp authentication-key \d+ md5|ip ssh-client password) (?<secret>\S+)/,
    /^(?:encrypted )?(?:radius|tacacs)-server .*?\bkey (?<secret>"[^"\n]*"|\S+)/,
    ...iosSecrets,
  ],
})
