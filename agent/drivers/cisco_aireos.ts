import { commonPagers, defineDriver } from '../driver.ts'

/**
 * A controller lets SSH in without a word and asks `User:` and `Password:` then. `config paging disable` is no command of a reader,
 * so the pager is answered. No end mark: the confirmed prompt is the judge, and the name of the system, an interface and a WLAN must be there. Rogue
 * devices come and go by themselves. An encrypted secret stands behind its vector, its digest and its length.
 */
export default defineDriver({
  title: 'Cisco AireOS wireless controller',
  aliases: [
    'aireos',
    'cisco_wlc',
    'cisco_wlc_ssh',
    'cisco-wlc',
    'wlc',
    'wlc4',
    'wlc5',
    'wlc8',
    'cisco-wlc5',
    'cisco-wlc8',
  ],
  comment: '# ',
  channel: 'shell',
  prompt: /^\([\w.\-/@ ]{1,64}\) ?> ?$/,
  login: { username: /^User: ?$/, password: /^Password: ?$/, afterSsh: true },
  prepare: [],
  pagers: [
    { when: /^-*More-* or \(q\)uit *$/, send: ' ' },
    { when: /^Press (?:Enter|any key) to continue(?: or <ctrl-z> to abort)?\.* ?$/, send: '\r' },
    { when: /^Are you sure you want to proceed\? ?\(y\/N\) ?$/, send: 'y' },
    ...commonPagers,
  ],
  rejected: [/^(?:Incorrect (?:usage|input)|Invalid |Unknown command|HELP:)/],
  denied: [/^(?:Permission denied|Not authori[sz]ed|Authorization failed|.*insufficient privilege)/],
  commands: [
    {
      run: 'show sysinfo',
      as: 'note',
      keep: /^(?:Manufacturer's Name|Product Name|Product Version|RTOS Version|Bootloader Version|Emergency Image Version|System Name|System ObjectID|Burned-in MAC Address|Maximum number of APs supported)\.\./,
    },
    { run: 'show inventory', as: 'note', keep: /^(?:Burned-in MAC Address|NAME: |PID: )/ },
    {
      run: 'show run-config commands',
      as: 'config',
      complete:
        /(?<![\s\S])(?!show )(?=[\s\S]*^ *(?:config )?sysname \S)(?=[\s\S]*^ *(?:config )?wlan \S)[\s\S]*^ *(?:config )?interface \S/,
      idleMs: 90_000,
      totalMs: 600_000,
    },
  ],
  volatile: [
    /^This may take some time/,
    /^ *(?:config )?rogue (?:adhoc|client|ap) (?:alert|[Uu]nknown) (?:[\da-f]{2}:){5}[\da-f]{2}/,
  ],
  secrets: [
    /\b[\da-f]{32} [\da-f]{40} \d{1,3} (?<secret>[\da-f]{8,1024})/,
    /^ *(?:config )?(?:mgmtuser|netuser) (?:add|password) (?!encrypt )\S+ (?<secret>\S+)/,
    /^ *(?:config )?(?:radius|tacacs) (?:auth|acct|athr) add (?!encrypt )\d+ \S+ \d+ (?:ascii |hex )?(?<secret>\S+)/,
    /^ *(?:config )?ldap (?:add|simple-bind) .{0,120}?\bpassword (?!encrypt |\d+ [\da-f]{32} )(?<secret>\S+)/,
    /\b[\da-f]{32} [\da-f]{40} \d{1,3} [\da-f]{8,1024} (?<secret>[\da-f]{8,1024})\b/, // `ap mgmtuser`: a hash
    /\bsecret encrypt (?<secret>[\da-f]{8,1024})/,
    /^ *(?:config )?ap (?:mgmtuser|dot1xuser) add (?!encrypt ).{0,120}?\bpassword (?<secret>\S+)/,
    /^ *(?:config )?ap (?:mgmtuser|dot1xuser) add .{0,400}?\b(?:en)?secret (?!encrypt )(?<secret>\S+)/,
    /^ *(?:config )?snmp community (?:create|ipaddr \S+ \S+|accessmode \S+|mode (?:enable|disable)) (?<secret>\S+)/,
    /^ *(?:config )?snmp trapreceiver (?:create|mode \S+|ipsec ike auth-mode \S+) (?<secret>\S+)/,
    /^ *(?:config )?snmp v3user create \S+ \S+ \S+ \S+ (?!encrypt )(?<secret>\S.*)$/,
    /^ *(?:config )?wlan security wpa akm psk set-key (?:ascii|hex) (?!encrypt )(?<secret>\S+)/,
    /^ *(?:config )?wlan security (?:static-wep-key|ckip|wep) .{0,80}?\b(?:ascii|hex) (?<secret>\S+)/,
    /^ *(?:config )?(?:mobility group member hash \S+|mesh security psk provisioning key) (?!none\b|encrypt )(?<secret>\S+)/,
    /^ *(?:config )?transfer (?:up|down)load password (?<secret>\S+)/,
    /^ *(?:config )?time ntp key-auth add \d+ (?:md5 )?(?:ascii |hex )?(?!encrypt )(?<secret>\S+)/,
    /:\/\/[^\s:/@]{1,64}:(?<secret>[^\s@]{1,128})@/,
  ],
})
