import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/** Cumulus Linux 5.x, NVOS. The applied revision as YAML, which `nv config replace` takes; a line of our own ends it. */
const shown = 'nv config show && echo "# end of configuration"'

export default defineDriver({
  title: 'NVIDIA Cumulus Linux and NVOS (NVUE)',
  aliases: ['nvue', 'cumulus_nvue', 'nvos', 'nvidia_nvos', 'nvidia_cumulus'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: [...posixRejected, /^(?:Error: |nv: error: |usage: nv )/],
  denied: [...posixDenied, /^(?:Error: )?.{0,60}(?:[Ff]orbidden|not permitted|[Pp]ermission denied)/],
  commands: [
    { run: 'cat /etc/lsb-release', as: 'note', keep: /^DISTRIB_(?:ID|RELEASE|DESCRIPTION)=/ },
    {
      run: 'nv show platform',
      as: 'note',
      keep: /^(?:system-mac|manufacturer|product-name|cpu|memory|disk-size|port-layout|part-number|serial-number|asic-model|hw-revision)\b/,
    },
    {
      run: [shown, `sudo -n sh -c '${shown}'`],
      as: 'config',
      // 5.1 prints no header
      complete: /(?<![\s\S])(?:- header:\n(?: [^\n]*\n)*)?- set:\n[\s\S]*^# end of configuration\n*(?![\s\S])/,
    },
  ],
  secrets: [
    /^ +(?:[\w-]{0,40}(?:password|passphrase|secret|psk|community-password)|auth-(?:md5|sha)|encrypt-(?:des|aes)|key|value): (?<secret>(?!(?:'\*'|"\*"|\*)$)\S.{0,2000})$/,
    // communities of SNMP are names of entries
    /^ +readonly-community(?:-v6)?:\n +(?<secret>\S{1,200}):(?: \{\})?$/,
    /^ +trap-destination:\n(?: +[^\n]{1,200}\n){0,9}? +community-password:\n +(?<secret>\S{1,200}):(?: \{\})?$/,
    // snippets: lines of snmpd.conf, tacplus_servers, frr.conf
    /^ +(?:r[ow]community6?|trapcommunity|(?:trap2?|inform)sink \S{1,80}) (?<secret>"[^"\n]+"|\S+)/,
    /^ +createUser (?:-e \S{1,80} )?\S{1,80} (?:MD5|SHA\S{0,6}) (?<secret>"[^"\n]+"|\S+)/,
    /^ +createUser [^\n]{1,300}? (?:DES|AES\S{0,6}) (?<secret>"[^"\n]+"|\S+)/,
    /^ +secret=(?<secret>\S+)/,
    /^ +(?:neighbor \S{1,80} password|key-string|ip ospf (?:authentication-key|message-digest-key \d{1,3} md5)) (?<secret>\S+)/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
