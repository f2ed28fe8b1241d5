/** What may be wrong with a device. Each may be switched while it runs; what is connected already keeps what it had. */
import { z } from 'zod'

export const METHODS = ['password', 'publickey', 'keyboard-interactive'] as const

export const Faults = z.strictObject({
  /** Pause before each reply: greeting, login, session, each command; ms. */
  latencyMs: z.number().int().min(0).max(600_000).default(0),
  /** How fast a reply comes; absent: at once. */
  bytesPerSecond: z.number().int().min(1).optional(),
  /**
   * Where it falls silent with the connection open: before the version line, after it, at the login, at the wish for a session or
   * for a shell, before the prompt, behind the enable password, or in the middle of the longest reply.
   */
  hang: z.enum(['banner', 'kex', 'auth', 'session', 'shell', 'prompt', 'enable', 'command']).optional(),
  /** Random bytes: instead of the version line, behind it, or without an end in the place of the greeting or of the longest reply. */
  junk: z.enum(['banner', 'kex', 'greeting', 'reply']).optional(),
  /** Says its version line so slowly that it never comes, a byte each 100 ms. */
  dripBanner: z.boolean().default(false),
  /** What breaks off in the middle of the longest reply. */
  drop: z.enum(['connection', 'channel']).optional(),
  /** `other`: the key of another machine. */
  hostKey: z.enum(['own', 'other']).default('own'),
  /** No login is good enough. */
  rejectLogin: z.boolean().default(false),
  /** Kinds of login that are offered. */
  methods: z.array(z.enum(METHODS)).default([...METHODS]),
  refuse: z.enum(['session', 'shell', 'exec']).optional(),
  /** Instead of the longest reply so many bytes are poured out, as lines or as a single one. */
  flood: z.strictObject({ bytes: z.number().int().min(1), lines: z.boolean().default(true) }).optional(),
  /** `legacy`: SHA-1, CBC and ssh-rsa, nothing newer. */
  algorithms: z.enum(['modern', 'legacy']).default('modern'),
})
export type Faults = z.infer<typeof Faults>

export const noFaults: Faults = Faults.parse({})
