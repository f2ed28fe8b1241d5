/**
 * Which passwords are refused: short ones, and those that anybody tries first. No rule about kinds of characters, as NIST SP 800-63B
 * (3.1.1.2) advises.
 */
import { Failure } from '@netraven/protocol/failure.ts'

export const MIN_PASSWORD_LENGTH = 12
export const MAX_PASSWORD_LENGTH = 1024

/** Words that passwords of twelve characters and more are made of by adding digits, signs or another of them. */
const COMMON_WORDS = [
  'abc',
  'access',
  'admin',
  'administrator',
  'backup',
  'baseball',
  'batman',
  'changeit',
  'changeme',
  'changethis',
  'cisco',
  'computer',
  'default',
  'demo',
  'dragon',
  'enable',
  'example',
  'football',
  'guest',
  'hello',
  'iloveyou',
  'internet',
  'juniper',
  'letmein',
  'login',
  'manager',
  'master',
  'mikrotik',
  'monkey',
  'mustang',
  'netraven',
  'network',
  'pass',
  'passwd',
  'password',
  'placeholder',
  'please',
  'princess',
  'public',
  'qwerty',
  'replace',
  'replaceme',
  'root',
  'secret',
  'shadow',
  'sunshine',
  'superman',
  'system',
  'temp',
  'test',
  'the',
  'this',
  'trustno',
  'user',
  'welcome',
  'with',
  'your',
] as const

/** Rows of keyboards, and what is counted up. */
const RUNS = [
  '01234567890123456789',
  'abcdefghijklmnopqrstuvwxyz',
  'qwertyuiopasdfghjklzxcvbnm',
  'qwertzuiopasdfghjklyxcvbnm',
  'azertyuiopqsdfghjklmwxcvbn',
  '1q2w3e4r5t6y7u8i9o0p',
  '1qaz2wsx3edc4rfv5tgb6yhn7ujm',
]

const LOOKALIKES: Readonly<Record<string, string>> = {
  '0': 'o',
  '1': 'i',
  '3': 'e',
  '4': 'a',
  '5': 's',
  '7': 't',
  '@': 'a',
  $: 's',
  '!': 'i',
}

/**
 * Why a password is refused, in words that go on "the password is …".
 * @returns undefined when it will do
 */
export function refusalOf(password: string, username: string): string | undefined {
  const length = [...password].length
  if (length < MIN_PASSWORD_LENGTH) return `shorter than ${MIN_PASSWORD_LENGTH} characters`
  if (password.length > MAX_PASSWORD_LENGTH) return `longer than ${MAX_PASSWORD_LENGTH} characters`
  const plain = password.toLowerCase()
  if (plain.trim() === username.trim().toLowerCase()) return 'the same as the user name'
  return isCommon(plain) ? 'one of those that are tried first' : undefined
}

/** @throws Failure PASSWORD_REFUSED */
export function requireGoodPassword(password: string, username: string): void {
  const reason = refusalOf(password, username)
  if (reason !== undefined) throw new Failure('PASSWORD_REFUSED', { reason })
}

function isCommon(plain: string): boolean {
  if (new Set(plain).size < 5 || /^(.{1,8})\1+.{0,3}$/s.test(plain)) return true
  const bare = plain.replace(/[^\p{L}\p{N}]/gu, '')
  if (RUNS.some((run) => isRun(bare, run))) return true
  const core = plain.replace(/^[^\p{L}]+|[^\p{L}]+$/gu, '')
  const meant = [...core].map((letter) => LOOKALIKES[letter] ?? letter).join('')
  return [plain, meant].some((text) => isWords(text.replace(/[^\p{L}]/gu, '')))
}

/** Only pieces of one run, forwards or backwards: `qwertyuiop12` is not, `123456789012` is. */
function isRun(text: string, run: string): boolean {
  const letters = text.replace(/\d{1,4}$/, '')
  const both = [run, [...run].toReversed().join('')]
  return [text, letters].some((part) => part.length >= 6 && both.some((row) => `${row}${row}`.includes(part)))
}

/** Whether nothing is left when common words are taken away. */
function isWords(text: string): boolean {
  const reachable = new Set([0])
  for (let at = 0; at < text.length; at += 1) {
    if (!reachable.has(at)) continue
    for (const word of COMMON_WORDS) if (text.startsWith(word, at)) reachable.add(at + word.length)
  }
  return reachable.has(text.length)
}
