import { commonPagers, defineDriver } from '../driver.ts'

/**
 * XML, because `load config from` takes it and nothing else restores a firewall. `show config running` prints it only in
 * the XML output of operational commands; releases that do not know that setting print the brace form. Both have one root
 * element, and its end is the end. All three settings are of this session alone.
 */
export default defineDriver({
  title: 'Palo Alto Networks PAN-OS',
  aliases: ['panos', 'pan-os', 'paloalto', 'palo_alto', 'paloalto_panos_ssh', 'panorama'],
  comment: '<!-- ',
  commentEnd: ' -->',
  channel: 'shell',
  prompt: /^[\w.-]+@[\w.-]+(?:\([\w-]+\))?> ?$/,
  answers: [{ when: /accept the (?:statement|terms).*\(?yes\/no\)?:? ?$/, send: 'yes' }],
  // scripting mode first: without it each word of a command is echoed with a redrawn prompt
  prepare: ['set cli scripting-mode on', 'set cli pager off', 'set cli op-command-xml-output on'],
  pagers: [{ when: /^lines \d+-\d+(?:\/\d+)? (?:\(END\) )?$/, send: ' ' }, ...commonPagers],
  rejected: [/^(?:Unknown command|Invalid syntax|Server error)/],
  denied: [/^(?:Permission denied|.*[Uu]ser .* (?:does not have permission|is not allowed))/],
  commands: [
    {
      run: 'show system info',
      as: 'note',
      keep: /^ *(?:<(?:hostname|model|serial|sw-version|family|vm-mode|multi-vsys)>|(?:hostname|model|serial|sw-version|family|vm-mode|multi-vsys): )/,
    },
    {
      run: 'show config running',
      as: 'config',
      complete: /^<config [\s\S]*<\/config>\n*(?![\s\S])|^config \{\n[\s\S]*^\}\n*(?![\s\S])/,
      totalMs: 270_000,
      idleMs: 90_000, // the management plane collects everything before the first line
    },
  ],
  // the wrapper of an operational answer, which a restore does not take
  unwrap:
    /(?<![\s\S])\s*<response status="success"[^>]*>\s*<result[^>]*>\s*(?=<config )|(?<=<\/config>)\s*<\/result>\s*<\/response>(?=\s*(?![\s\S]))/,
  secrets: [
    /<(?!public-key>)(?:phash|(?:[\w-]*-)?(?:password|passwd|passphrase|secret|key|community-string|community|authpwd|privpwd))>(?<secret>[^<\s][^<]*)<\//,
    />(?<secret>-AQ==[^<]+)</,
    /^ *(?:phash|(?:[\w-]*-)?(?:password|passwd|passphrase|secret|private-key|community-string|authpwd|privpwd)) "?(?<secret>[^\s";{]+)"?;$/,
    /\s"?(?<secret>-AQ==[^\s";<]+)"?;$/,
    /:\/\/[^\s/:@"]+:(?<secret>[^\s@"/<]+)@/,
  ],
})
