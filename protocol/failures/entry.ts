/** One row of the table of failures. */

export interface FailureEntry {
  /** Exactly what is shown. Several codes share one message where the guide names one symptom for many causes. */
  readonly message: string
  /** HTTP status when the hub's API answers with it. */
  readonly status: number
  /**
   * `backoff`: a later attempt may succeed unchanged, try again with growing pauses. `never`: something must be
   * changed first; trying again is useless or harmful (it may lock an account).
   */
  readonly retry: 'backoff' | 'never'
  /** What usually lies behind it, most likely first. */
  readonly causes: readonly string[]
  /** What to do, each a step that can be taken. `{…}` stands for a detail of the failure at hand. */
  readonly remedies: readonly string[]
}
