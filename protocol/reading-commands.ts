/**
 * Which commands of a driver that somebody wrote himself may be sent. A list of what changes a device is never complete, so
 * this one goes the other way: it knows what only reads. The rest is not sent unless a person at the site allows it.
 */

/**
 * `reads`: known to read, or to set how this session prints. `unknown`: neither known to read nor to change; an agent sends it
 * only when its policy file names it. `changes`: looks as if it changed something, or held a second command; it is never taken.
 */
export type CommandJudgement = 'reads' | 'unknown' | 'changes'

/** A second command, a variable, or output that goes into a file. */
const COMPOUND = /[;&`<>\p{Cc}]|\$\(|\|\||\bfile ?=/u
/** What may stand behind a `|`: filters of the output. `redirect`, `save`, `tee` and `append` write files. */
const FILTER =
  /^(?:no-more|nomore|no-page|no-paging|display|include|inc|exclude|exc|begin|match|except|grep|section|find|json|xml|count|trim|i|e|b)(?: [^|]*)?$/
/** `newest` is ours: the file of a folder that was changed last. */
const READS = /^(?:admin )?(?:show|display|get|newest|list|print|cat|more|type|dir|ls|info)(?![\w-])/
/** RouterOS names a menu first. */
const READS_MENU = /^\/(?:[a-z\d/ -]*[ /])?(?:print|export)(?: [a-z -]+)?$/
/** How the session prints: pager and width. */
const SETTING =
  /^(?:(?:no )?(?:terminal|term|screen-length|screen-width|page|paging|pager|cli-page|skip-page-display|length|width)(?: [\w -]*)?|environment (?:no )?more(?: false)?|set (?:cli |terminal |session |console )?(?:screen-length|screen-width|length|width|pager|paging|page|more|scripting-mode|complete-on-space)(?: [\w -]*)?|(?:dis|en)able (?:clipaging|cli-paging|paging))$/
const PRIVILEGE = /^(?:enable(?: \d{1,2})?|en|super(?: \d)?)$/
const FAREWELL = /^(?:exit|quit|logout|logoff|bye|end)$/
/** Words that change a device, or may. As a whole word anywhere in a command they make it suspect. */
const CHANGES =
  /(?<![\w.-])(?:configure|config|conf|write|wr|copy|delete|del|erase|format|reload|reboot|restart|reset|shutdown|halt|poweroff|commit|set|unset|add|remove|rm|mv|cp|dd|tee|chmod|chown|kill|passwd|install|upgrade|request|save|load|rollback|clear|edit|undo|no|import|run|exec|test|debug|system-view|sh|bash|python|tftp|ftp|scp|wget|curl|ssh|telnet)(?![\w.-])/i

/** @param command as it would be sent, without Enter */
export function judgeCommand(command: string): CommandJudgement {
  const [first = '', ...filters] = command.trim().split('|')
  const head = first.trim()
  if (head === '' || COMPOUND.test(command)) return 'changes'
  if (!filters.every((filter) => FILTER.test(filter.trim()))) return 'changes'
  if ([READS, READS_MENU, SETTING, PRIVILEGE, FAREWELL].some((known) => known.test(head))) return 'reads'
  return CHANGES.test(head) ? 'changes' : 'unknown'
}

/**
 * Words and keys that answer a question or a pager. Only these: with free text, questions that fit anything would let a driver type
 * whatever it likes, letter by letter.
 */
export const ANSWERS: ReadonlySet<string> = new Set(
  ['', 'y', 'n', 'Y', 'N', 'yes', 'no', 'q', 'a', 'c', ' ', '\u0003'].flatMap((word) => [word, `${word}\\c`]),
)
export const PAGER_KEYS: ReadonlySet<string> = new Set([' ', '\r', '\n', 'q', 'Q', 'a', 'A', 'c', 'C', 'n', '\u0003'])
