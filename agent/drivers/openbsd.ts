import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected, printFiles, scriptRuns, wholeFiles } from './shared/posix.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * What makes an OpenBSD host a router: the files of its network, packet filter and routing daemons. As root or by
 * `doas` without a password; a file that may not be read is a failure. Password hashes (/etc/master.passwd) are never read.
 */
const etc = `myname mygate hostname.* hosts resolv.conf resolv.conf.tail sysctl.conf rc.conf.local rc.local rc.securelevel pf.conf
  pf.anchors pf.d pf bgpd.conf ospfd.conf ospf6d.conf eigrpd.conf ripd.conf ldpd.conf dvmrpd.conf iked.conf ipsec.conf isakmpd
  relayd.conf dhcpd.conf dhcpleased.conf dhcp6leased.conf rad.conf unwind.conf ifstated.conf sasyncd.conf ntpd.conf snmpd.conf
  npppd/npppd.conf npppd/npppd-users radiusd.conf syslog.conf ssh/sshd_config ssh/sshd_config.d doas.conf vm.conf fstab
  login.conf inetd.conf httpd.conf tftpd.conf wireguard`
const places = `${etc.replace(/\S+/g, '/etc/$&')} /var/unbound/etc/unbound.conf /var/nsd/etc/nsd.conf`

export default defineDriver({
  title: 'OpenBSD',
  aliases: ['obsd', 'openbsd_ssh', 'openbsd_router'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    { run: 'uname -srvm', as: 'note', keep: /^OpenBSD / },
    { run: 'sysctl -n hw.vendor hw.product hw.serialno', as: 'note' },
    { run: 'syspatch -l', as: 'note', keep: /^\d{3}_\w+$/ },
    { run: scriptRuns(printFiles(places), ['doas -n ', 'sudo -n ']), as: 'config', complete: wholeFiles },
  ],
  secrets: [
    // hostname.if(5): wireless, WireGuard, PPPoE, CARP
    /^[^#"\n]{0,200}\b(?:wpakey|nwkey|wgkey|wgpsk|authkey) (?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    /^[^#"\n]{0,200}\bwgpeer [^#"\n]{1,200}\bwgpsk (?<secret>\S{1,200})/,
    /\bvhid \d{1,3} [^"\n]{0,120}\bpass (?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    // bgpd.conf(5), ospfd.conf(5), ripd.conf(5), ldpd.conf(5)
    /^[^#"\n]{0,200}\b(?:tcp md5sig (?:password|key)|auth-md \d{1,3}|auth-key) (?!\$)(?<secret>"[^"\n]{1,200}"|[^\s"{}]{1,200})/,
    /^[ \t]*(?:neighbor \S{1,60} )?password (?!\$)(?<secret>"[^"\n]{1,200}"|[^\s"{}]{1,200})/,
    // iked.conf(5), ipsec.conf(5), sasyncd.conf(5)
    /^[^#\n]{0,400}\bpsk (?!\$)(?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    /^[ \t]*(?:flow|esp|ah|ike|tcpmd5)\b[^#\n]{0,300}\b(?:authkey|enckey) (?<secret>0x[\da-fA-F:]{8,400})/,
    /^[ \t]*(?:esp)\b[^#\n]{0,300}\benckey (?<secret>0x[\da-fA-F:]{8,400})/,
    /^[ \t]*sharedkey (?<secret>\S{1,400})/,
    // snmpd.conf(5)
    /^[ \t]*(?:read-only|read-write|trap) community (?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    /^[ \t]*trap receiver \S{1,80} (?:[^#\n]{0,60} )?community (?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    /^[ \t]*user [^#\n]{1,200}\benckey (?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    // npppd-users(5), nsd.conf(5), radiusd.conf(5), and a macro with a telling name
    /^[ \t]+:password=(?<secret>[^\n]{1,200}?):\\?$/,
    /^[ \t]*(?:[^#"\n]{1,80} )?secret:? (?<secret>"[^"\n]{1,400}"|[^\s";]{1,400})$/,
    /^[ \t]*\w{0,40}(?:password|passwd|secret|psk|md5key)\w{0,20} {0,9}= {0,9}"(?<secret>[^"\n]{1,200})"/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
