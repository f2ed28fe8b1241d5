import { Failure } from '@netraven/protocol/failure.ts'
import { changeAccess } from '../access-changes.ts'
import { Accepted, ForgotPassword, PasswordChange, PasswordReset } from '../api/password.ts'
import { recordEvent } from '../events.ts'
import { forgotPassword, resetPassword } from '../password-resets.ts'
import { requireGoodPassword } from '../password-rules.ts'
import { endSessions } from '../sessions.ts'
import { checkPassword } from '../sign-in.ts'
import { setPassword } from '../users.ts'
import { body, createRoute, done, json, OpenAPIHono, open, type RouteParts, refusal } from './route.ts'

const tags = ['Passwords']

export function passwordRoutes({ db, passwords, access, mail, publicUrl, log, needs, circumstancesOf }: RouteParts) {
  return new OpenAPIHono()
    .openapi(
      createRoute({
        ...needs(),
        method: 'post',
        path: '/auth/change-password',
        summary: 'Change the own password; all other sessions end',
        tags,
        request: { body: body(PasswordChange) },
        responses: done,
      }),
      async (c) => {
        const { kind, user, tokenId } = c.var.principal
        if (kind !== 'user') throw new Failure('MISSING_SCOPE', { reason: 'a service token has no password' })
        const { currentPassword, newPassword } = c.req.valid('json')
        await checkPassword({ db, passwords }, { username: user.username, ...circumstancesOf(c) }, currentPassword)
        if (newPassword === currentPassword) throw new Failure('PASSWORD_REFUSED', { reason: 'the same as before' })
        requireGoodPassword(newPassword, user.username)
        const hash = await passwords.hash(newPassword)
        const { actor } = c.var
        await changeAccess(
          db,
          actor,
          async () => [user.id],
          async (trx) => {
            await setPassword(trx, user.id, hash, false)
            await endSessions(trx, { userId: user.id, except: tokenId }, 'the password was changed')
            await recordEvent(trx, { kind: 'password change', actor, details: { user: user.username, id: user.id } })
            return { result: undefined, change: '' }
          },
        )
        access.forget(`user ${user.id}`)
        return c.body(null, 204)
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/auth/forgot-password',
        summary: 'Ask for a link to choose a new password',
        description:
          'The answer is the same whether there is such a user or not. Without a mail server, or without an address of the user, an administrator makes the link.',
        tags,
        request: { body: body(ForgotPassword) },
        responses: { 202: json(Accepted, 'Accepted'), ...refusal },
      }),
      async (c) => {
        const { address } = circumstancesOf(c)
        const send = await forgotPassword({ db, mail, publicUrl, log }, c.req.valid('json').username, address)
        send().catch((error: unknown) => log.error({ err: error }, 'a link to choose a new password could not be sent'))
        return c.json({ accepted: true as const }, 202)
      },
    )
    .openapi(
      createRoute({
        ...open,
        method: 'post',
        path: '/auth/reset-password',
        summary: 'Choose a new password with a link; all sessions end, and a lock is lifted',
        tags,
        request: { body: body(PasswordReset) },
        responses: done,
      }),
      async (c) => {
        const userId = await resetPassword({ db, passwords }, c.req.valid('json'), circumstancesOf(c))
        access.forget(`user ${userId}`)
        return c.body(null, 204)
      },
    )
}
