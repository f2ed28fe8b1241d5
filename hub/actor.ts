/** Who did something, from where and through what: what the audit log says of each entry. */

export interface Actor {
  readonly kind: 'user' | 'service token' | 'agent' | 'hub' | 'console' | 'anonymous'
  /** Of the user, token or agent; null: the hub itself, somebody at its console, or nobody knows who. */
  readonly id: string | null
  /** For people. */
  readonly name: string
  /** Address that the request came from; null: none did. */
  readonly address: string | null
  /** Program that was used, as it calls itself. */
  readonly via: string | null
  readonly requestId: string | null
  /** How many entries of the audit log were written in the actor's name; absent: nobody asks. */
  readonly entries?: { count: number }
}

const nowhere = { id: null, address: null, via: null, requestId: null }

/** The hub, by itself. */
export const hubActor: Actor = { ...nowhere, kind: 'hub', name: 'hub' }

export function agentActor(id: string, name: string): Actor {
  return { ...nowhere, kind: 'agent', id, name: `agent ${name}` }
}

/** Somebody who asked for it earlier, of whom only the name is left. */
export function earlierActor(name: string): Actor {
  return { ...nowhere, kind: 'user', name }
}

/** Somebody who did not say who they are, or could not show it. */
export function anonymousActor(from: Pick<Actor, 'address' | 'via'> & { readonly requestId?: string | null }): Actor {
  const { address, via, requestId = null } = from
  return { kind: 'anonymous', id: null, name: 'somebody', address, via, requestId }
}

/** Whoever may run commands on the host of the hub. */
export function consoleActor(name: string): Actor {
  return { ...nowhere, kind: 'console', name }
}
