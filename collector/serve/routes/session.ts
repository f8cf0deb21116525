import type { ApiSession } from '@barograph/proto/api'
import * as z from 'zod'
import { formatTime } from '../../core/iso-time.ts'
import { type Caller, cookieName } from '../access/index.ts'
import { AccessProblem } from '../access/problem.ts'
import type { Call } from '../call.ts'
import type { ServeLogger } from '../context.ts'
import { noParameters } from '../query.ts'
import type { Reach } from '../reach.ts'
import { defineRoute, type Route } from '../route.ts'
import * as schemas from '../schemas.ts'

const path = '/api/v1/session'
const longestToken = 200

/** Signing in and out: a token for a cookie that scripts cannot read, and that no other site makes a browser send. */
export function sessionRoutes({ reach, logger }: { reach: Reach; logger: ServeLogger }): Route[] {
  const { access, prefix, sessionMs } = reach

  const cookie = (value: string, seconds: number, { isSecure }: Call['requester']): string =>
    [
      `${cookieName}=${value}`,
      `Path=${prefix === '' ? '/' : prefix}`,
      `Max-Age=${seconds}`,
      'HttpOnly',
      'SameSite=Strict',
      ...(isSecure ? ['Secure'] : []),
    ].join('; ')

  const view = (caller: Caller | null): ApiSession => ({
    asked: !access.isOpen,
    role: caller?.role ?? null,
    name: caller?.name ?? null,
    expires: caller?.session ? formatTime(caller.session.expires) : null,
  })

  function give(value: string, call: Call): void {
    call.setHeader('set-cookie', cookie(value, Math.floor(sessionMs / 1000), call.requester))
  }

  return [
    defineRoute({
      path,
      needs: 'nothing',
      summary: 'Who is asking, and whether anybody is asked',
      description:
        'A session lasts until it was not used for the time that `serve.session` says: this renews it.',
      params: noParameters,
      query: noParameters,
      answer: schemas.session,
      async handle(_input, call) {
        const caller = await callerOrNobody(call)
        const renewed = caller?.session ? access.renew(caller.session) : null
        if (renewed !== null) give(renewed, call)
        return view(caller)
      },
    }),
    defineRoute({
      method: 'POST',
      path,
      needs: 'nothing',
      summary: 'Signs a browser in: changes a token for a session cookie',
      params: noParameters,
      query: noParameters,
      body: z.strictObject({
        token: z.string().trim().min(1).max(longestToken).meta({ format: 'password' }).describe('the token'),
      }),
      answer: schemas.session,
      statuses: {
        401: 'No token of here',
        403: 'A page of another site asks',
        415: 'The order is not JSON',
        429: 'Too many wrong tokens',
        503: 'Others are being looked at',
      },
      async handle({ token }, call) {
        const { address } = call.requester
        const { caller, cookie: value } = await access.signIn(token, address)
        give(value, call)
        logger.info({ address, name: caller.name, role: caller.role }, 'signed in')
        return view(caller)
      },
    }),
    defineRoute({
      method: 'DELETE',
      path,
      needs: 'nothing',
      summary: 'Signs a browser out',
      params: noParameters,
      query: noParameters,
      answer: schemas.session,
      statuses: { 403: 'A page of another site asks' },
      async handle(_input, call) {
        const caller = await callerOrNobody(call)
        if (caller?.session) access.signOut(caller.session)
        call.setHeader('set-cookie', cookie('', 0, call.requester))
        return view(access.isOpen ? caller : null)
      },
    }),
  ]
}

/** Whoever says something wrong is nobody here: the page asks this to know that it has to ask for a token. */
export async function callerOrNobody(call: Call): Promise<Caller | null> {
  try {
    return await call.caller()
  } catch (error) {
    if (error instanceof AccessProblem) return null
    throw error
  }
}
