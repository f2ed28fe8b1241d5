import { defineDriver } from '../driver.ts'

/**
 * `config.csv` holds tables: a comment, the table's name, the names of its columns, then rows, each closed by a comma. SFTP tells the
 * file's size, which proves that all of it came. Only the table of ports is documented column by column; the others are not confirmed. With data encryption switched on the file is not readable, and not restorable elsewhere.
 */
const secretColumn = '(?:Password|Passphrase|Secret|Community|Auth Key|Priv Key|Shared Key|Key String|PSK)'
/** The row's field of this number, when the column's name says that it is a secret. */
const field = (number: number) =>
  new RegExp(
    `^(?<=^(?:[^,\\n]{0,80},){${number}}[^,\\n]{0,40}${secretColumn},[^\\n]{0,400}\\n(?:[^#,\\n][^\\n]{0,400},\\n){0,40})(?:[^,\\n]{0,400},){${number}}(?<secret>[^,\\n]+)`,
  )

export default defineDriver({
  title: 'Siemens RUGGEDCOM ROS',
  aliases: ['ruggedcom', 'ruggedcom-ros', 'siemens_ros', 'rs900', 'rsg2100', 'rsg2300', 'rst2228', 'rmc30'],
  comment: '# ',
  channel: 'exchange',
  transports: ['sftp'],
  prompt: /^\n$/,
  rejected: [],
  commands: [
    {
      run: ['get config.csv', 'get /config.csv'],
      as: 'config',
      complete: /(?<![\s\S])(?=[\s\S]*^ethPortCfg\n(?:[^,\n]*,)+\n)[\s\S]*^(?:[^,\n]*,)+\s*(?![\s\S])/,
      idleMs: 60_000, // the file is made when it is asked for
    },
  ],
  volatile: [/^# ?(?:Date|Time|Created|Generated|Saved)\b/, /^(?:Date|Time|Current Time),/],
  logout: [],
  secrets: Array.from({ length: 14 }, (_, number) => field(number)),
})
