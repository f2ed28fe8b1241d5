/**
 * How a system is read over HTTP, as data of its driver. In every text `{username}`, `{password}` and what earlier steps took
 * stand for their values, encoded as the place wants it (a form field, a JSON string, a header).
 */
export interface HttpPlan {
  readonly login: HttpLogin
  /** Sent with each request. */
  readonly headers?: Readonly<Record<string, string>>
  /**
   * The driver's own requests want name and password in their bodies or paths too, in `{username}` and `{password}`: how such a value is
   * written there, and in the forms of the login. The commands themselves, as the driver names them, never hold one.
   */
  readonly fill?: 'xml' | 'json' | 'url' | 'xml in a form'
  /** Ends the session, politely; its answer does not matter. */
  readonly logout?: HttpStep
}

export type HttpLogin =
  /** RFC 7617. */
  | { readonly kind: 'basic' }
  /** RFC 7616, whichever of its algorithms the device asks for; RFC 7617 when it asks for that. */
  | { readonly kind: 'digest' }
  /** A token that the credential has instead of a password, in a header of each request. */
  | { readonly kind: 'token'; readonly header: string; readonly value: string }
  /** Requests that begin a session; cookies are kept, and `headers` goes with all that follows. */
  | {
      readonly kind: 'session'
      readonly steps: readonly HttpStep[]
      readonly headers?: Readonly<Record<string, string>>
    }

export interface HttpStep {
  /** Method and path, such as `POST /api/login`. */
  readonly request: string
  /** Fields of a form (application/x-www-form-urlencoded). */
  readonly form?: Readonly<Record<string, string>>
  /** A JSON text. */
  readonly json?: string
  readonly headers?: Readonly<Record<string, string>>
  /**
   * What later texts may use: each has a group `(?<value>…)`, looked for in the body, then in the lines `name: value` of the header.
   * When one is not found the login was refused.
   */
  readonly take?: Readonly<Record<string, RegExp>>
  /** A body that means a refused login where the status does not say it. */
  readonly refused?: RegExp
  /** Statuses that mean it; 401 and 403 always do. */
  readonly refusedStatus?: readonly number[]
}
