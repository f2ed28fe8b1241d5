import { defineDriver } from '../driver.ts'
import { pemSecrets, urlSecrets } from './shared/secrets.ts'

/**
 * Digi Accelerated Linux: Connect EZ, IX, EX, TX and the routers of Accelerated. Settings other than the defaults, of which the
 * number of the schema is always one. They have no end mark, so the confirmed prompt is the judge.
 */
export default defineDriver({
  title: 'Digi Accelerated Linux',
  aliases: ['dal', 'digi', 'digi_accns', 'accns', 'digi_accelerated', 'accelerated', 'digi_ix', 'digi_ex'],
  comment: '# ',
  channel: 'shell',
  prompt: /^(?:[\w.-]{1,64})?> ?$/,
  // a user that may have more than the command line is asked
  answers: [{ when: /^Select access or quit \[\w+\] ?: ?$/, send: 'admin' }],
  rejected: [/^(?:Error: |Error \d|Invalid command|Unknown command|.{0,80}is not a valid command)/],
  denied: [/^(?:Permission denied|Access denied|Error: .{0,40}permission)/],
  commands: [
    {
      run: 'show system',
      as: 'note',
      keep: /^ *(?:Model|Serial Number|SKU|Hostname|MAC(?: Address)?|Hardware Version|Firmware Version|Alt\. Firmware Version|Bootloader Version|Schema Version) *: /,
    },
    {
      run: ['show config cli_format', 'show config'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:(?:add|set|del) )?[a-z][^\n]*\n[\s\S]*^(?:set )?schema version "?\d+"?\n(?:[\s\S]*\n)?[a-z][^\n]*["\w]\n*(?![\s\S])/,
    },
  ],
  secrets: [
    /^(?:(?:add|set) )?[a-z](?:[^"\n]{0,200} )?(?:[\w-]{0,40}(?:password|passphrase|secret|psk|community|private_key|token|pin|auth_key|tls_crypt|tls_auth)|key|(?:key|psk)_\w{1,20}|auth_pass|encr_pass|priv_pass|wpa_key) "(?<secret>(?:\\.|[^"\\\n]){1,8000})"$/,
    ...urlSecrets,
    ...pemSecrets,
  ],
})
