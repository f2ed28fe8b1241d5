/**
 * What systems share that are read by a script of the POSIX shell (IEEE Std 1003.1) on an exec channel. A script stands on
 * one line, writes nothing, and prints its last line only when all before it went well.
 */

/** The last line of a script; only a whole text has it. */
export const scriptEnd = '### end of configuration'

/** A text that was printed by `printFiles`, from its first file to its end. */
export const wholeFiles = /(?<![\s\S])### \/[\s\S]*^### end of configuration\n*(?![\s\S])/

/** The script, first with the rights of root where no password is wanted for them, then with those of the user. */
export function scriptRuns(script: string, root: readonly string[] = ['sudo -n ']): readonly string[] {
  const line = script.replace(/\s+/g, ' ').trim()
  return [...root, ''].map((by) => `${by}sh -c '${line}'`)
}

/**
 * Prints every file at these places, folders with all that is in them, each below a line with its name, in the order of
 * their names. It stops at a file that can't be read; copies that editors leave are left out.
 */
export function printFiles(places: string): string {
  return `for d in ${places.replace(/\s+/g, ' ').trim()}; do if [ -e "$d" ]; then
    find -L "$d" -type f ! -name "*~" ! -name ".*" ! -name "*.bak"; fi; done | LC_ALL=C sort -u | {
    n=0; while read -r f; do echo "### $f"; cat "$f" || exit 1; echo; n=1; done;
    if [ $n = 1 ]; then echo "${scriptEnd}"; else echo "nothing found"; fi; }`
}

export const posixRejected: readonly RegExp[] = [
  /^(?:sudo: |doas: |Sorry, user |nothing found$)/,
  /^(?:-?(?:ba|da|a|k|z|c|tc|fi)?sh|fish)(?:\[\d+\])?: .*(?:not found|Unknown command)/,
]

export const posixDenied: readonly RegExp[] = [/^(?:cat|find|ls|head): .*[Pp]ermission denied/]

/** `echo` of a prompt of a shell, for a device that offers no exec channel. */
export const posixPrompt = /^[^\n]{0,80}[$#%>] ?$/
