import { defineDriver } from '../driver.ts'
import { pemSecrets } from './shared/secrets.ts'

/**
 * PX2, PX3, PXE, PXC and the transfer switches with the Xerus firmware, also those of Server Technology and Legrand: their configuration
 * is read by SCP, as one setting on each line. `raw_config.txt` holds what is this device's own; SCP tells the size, which proves the whole.
 */
export default defineDriver({
  title: 'Raritan PX (Xerus)',
  aliases: ['raritan', 'px2', 'px3', 'raritan_xerus', 'xerus', 'pro4x', 'raritan_pdu', 'legrand_pdu'],
  comment: '# ',
  channel: 'exchange',
  transports: ['scp'],
  prompt: /^\n$/,
  rejected: [],
  commands: [
    {
      run: ['get /raw_config.txt', 'get /bulk_config.txt'],
      as: 'config',
      complete:
        /(?<![\s\S])(?:(?:#[^\n]*)?\n)*[\w.:-]+(?:\[[^\n]*\][^\n=]*)?=[^\n]*\n(?:[\s\S]*\n)?(?:#|[^\n=]+=)[^\n]*\s*(?![\s\S])/,
      idleMs: 90_000, // it is made when it is asked for
    },
  ],
  volatile: [/^# ?(?:[Cc]reated|[Gg]enerated|[Dd]ate|[Tt]ime)\b/],
  logout: [],
  secrets: [
    // everything that the device itself marks as encrypted or as a secret in clear
    /^[\w.[\]=@-]{1,200}:(?:encrypted|hashed)=(?<secret>"[^"\n]+"|[^\s"][^\n]*)$/,
    /^[\w.[\]=@-]{0,200}(?:password|passwd|passphrase|secret|community|shared_key|psk|auth_key|priv_key|private_key|token)(?:_(?:hash|sha\d*|md5))?(?::\w{1,20})?=(?!"?(?:0|1|true|false)"?$)(?<secret>"[^"\n]+"|[^\s"][^\n]*)$/,
    ...pemSecrets,
  ],
})
