import { defineDriver } from '../driver.ts'
import { posixDenied, posixPrompt, posixRejected, printFiles, scriptRuns, wholeFiles } from './shared/posix.ts'

/**
 * OpenBGPD anywhere: of OpenBSD, and the portable one. Its control program prints no configuration, so the files are read;
 * those that bgpd.conf includes are found where they usually lie. OpenBSD has doas where others have sudo.
 */
const places =
  '/etc/bgpd.conf /etc/bgpd /etc/bgpd.conf.d /etc/openbgpd /usr/local/etc/bgpd.conf /usr/local/etc/bgpd /usr/local/etc/openbgpd'

export default defineDriver({
  title: 'OpenBGPD',
  aliases: ['bgpd', 'bgpctl'],
  comment: '# ',
  channel: 'exec',
  prompt: posixPrompt,
  rejected: posixRejected,
  denied: posixDenied,
  commands: [
    { run: 'PATH=$PATH:/usr/sbin:/usr/local/sbin bgpd -V 2>&1', as: 'note', keep: /^OpenBGPD / },
    { run: scriptRuns(printFiles(places), ['sudo -n ', 'doas -n ']), as: 'config', complete: wholeFiles },
  ],
  secrets: [
    /\btcp md5sig (?:password|key) (?!\$)(?<secret>"[^"\n]{1,200}"|[^\s"]{1,200})/,
    // IPsec by hand: authentication key, then encryption key
    /\bipsec (?:ah|esp) (?:in|out) spi \d{1,10} (?:sha1|md5) (?<secret>[\da-fA-F]{8,200})/,
    /\bipsec esp (?:in|out) spi \d{1,10} (?:sha1|md5) \S{1,200} (?:3des|3des-cbc|aes|aes-128-cbc) (?<secret>[\da-fA-F]{8,200})/,
    // a macro with a telling name
    /^\s{0,40}\w{0,40}(?:password|passwd|secret|md5key|pw)\w{0,20}\s{0,9}=\s{0,9}"(?<secret>[^"\n]{1,200})"/,
  ],
})
