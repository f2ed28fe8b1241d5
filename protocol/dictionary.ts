/**
 * What messages repeat. Both tables belong to the protocol version: a changed one is a new version, because an old side
 * could no longer read.
 */

/**
 * The preset dictionary of raw deflate (RFC 1951; RFC 1950 section 2.2) for message bodies, after packing (packing.ts), so
 * the control characters stand for ids and hashes. The most frequent pieces stand last, where references are short.
 */
export const bodyDictionary = Buffer.from(
  [
    '"failure":{"code":"ENVELOPE_TASK_NOT_HELD","details":{}}',
    '"paloalto_panos","hp_procurve","huawei_vrp","fortinet_fortios","mikrotik_routeros","juniper_junos","arista_eos"',
    '"cisco_nxos","cisco_asa","cisco_ios","frr","linux"',
    '"options":{"legacyAlgorithms":true,"connectTimeoutMs":30000,"commandTimeoutMs":60000}',
    '"holding":[],"credit":50,"lost":[],"leaseMs":45000,"renewEveryMs":15000',
    '"encoding":"zstd","part":0,"parts":1,"spans":[',
    '"verdict":"suspect","state":"refused","state":"need"',
    '"outcome":{"kind":"failed","failure":{"code":"',
    '{"ok":{"sealKey":\x03,"tasks":[{"id":\x01,"attempt":1,"device":{"id":\x01,"name":"sw","address":"10.","port":22},"driver":"cisco_ios",',
    '"transport":"ssh","secrets":"keep","options":{},"deadlineMs":179,"driverDigest":"',
    '","hostKey":\x04,"lastGoodBytes":1,"box":\x03},{"id":\x01,"attempt":1,"device":{"id":\x01,"name":"',
    '{"ok":{"results":[{"task":\x01,"state":"recorded"},{"task":\x01,"state":"recorded"}]}}',
    '{"reports":[{"task":\x01,"attempt":1,"device":\x01,"capturedAtMs":179,"durationMs":1',
    ',"outcome":{"kind":"read","contentHash":\x02,"sizeBytes":1,"verdict":"complete","signature":\x03}},',
    '{"task":\x01,"attempt":1,"device":\x01,"capturedAtMs":179',
  ].join(''),
)

/** Pieces of a sealed secret's JSON; the first is written as U+0010, the next as U+0011, and so on. */
const abbreviations = [
  '{"task":\x01,"username":"',
  '","password":"',
  '","enable":"',
  '","privateKey":"-----BEGIN OPENSSH PRIVATE KEY-----\\n',
  '","passphrase":"',
  '","maskKey":\x03}',
  '"}',
] as const
const FIRST = 0x10
const ABBREVIATED = /[\x10-\x16]/g

/** @param text JSON, packed or not; `expand` gives the same text back, whatever it was */
export function abbreviate(text: string): string {
  return abbreviations.reduce(
    (short, piece, index) => short.replaceAll(piece, String.fromCharCode(FIRST + index)),
    text,
  )
}

/** Undoes `abbreviate`. */
export function expand(text: string): string {
  return text.replace(ABBREVIATED, (character) => abbreviations[character.charCodeAt(0) - FIRST] ?? character)
}
