import { defineDriver } from '../driver.ts'

/**
 * OpenMobility Manager of Mitel (Aastra) SIP-DECT, on a server (`/opt/SIP-DECT/tmp`) or on a base station (`/tmp`: not confirmed). Below
 * the line with the release, `omm_conf.txt` holds tables: names of columns split by `|`, a line of dashes, rows that begin with the
 * table's name, an empty line. Its last line is an MD5 digest over all of it: a file without it is cut. Layout known from public programs
 * that read the file, most columns not confirmed: rows hold PINs, SIP passwords and keys, so of a row only the table's name and the first
 * value stay readable, of a base station its place too.
 */
export default defineDriver({
  title: 'Mitel SIP-DECT OpenMobility Manager (OMM)',
  aliases: ['sipdect', 'sip-dect', 'mitel_omm', 'openmobility', 'aastra_omm', 'aastra_sipdect', 'mitel_dect'],
  comment: '# ',
  channel: 'exchange',
  transports: ['sftp', 'scp'],
  prompt: /^\n$/,
  rejected: [],
  commands: [
    {
      run: ['get /opt/SIP-DECT/tmp/omm_conf.txt', 'get /tmp/omm_conf.txt'],
      as: 'config',
      complete:
        /(?<![\s\S])\ufeff?[^\n]*\b(?:OpenMobility|SIP-DECT)\b[^\n]*\n[\s\S]*^[A-Z]\w{0,15} *\|[^\n]*\n-{3,}\n[\s\S]*^[\da-f]{32}\s*(?![\s\S])/,
    },
  ],
  logout: [],
  secrets: [
    // a row; the names of the columns, above the dashes, are none
    /^(?!RFP *\||[^\n]*\n---)[^|\n]{1,40}\|(?:[^|\n]{0,80}\|)?(?<secret>[^\n]+)/,
    /^(?![^\n]*\n---)RFP *\|(?:[^|\n]{0,200}\|){5}(?<secret>[^\n]+)/,
    /\|[ \t]*(?<secret>[\dA-Fa-f]{32,1024})[ \t]*(?=\||$)/,
    /(?<secret>\$\d[a-z]?\$[./\w$]{8,120})/,
  ],
})
