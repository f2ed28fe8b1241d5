/**
 * The protocol between hub and agent has one whole number. Both sides drop fields they do not know, so either may be
 * upgraded first; the number rises only when an old side would misread a message, and then the hub goes on serving
 * the one before it.
 *
 * Diary
 *   1  2026-11-24  hello, claim, renew, report, content; binary envelope; JSON bodies, packed and deflated
 */
export const PROTOCOL_VERSION = 1

/** The oldest protocol version that a hub of this release still answers. */
export const OLDEST_SERVED_VERSION = 1
