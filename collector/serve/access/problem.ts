import { CodedError } from '@barograph/proto'

/** A refusal that also says in headers what to do: who to be, or how long to wait. */
export class AccessProblem extends CodedError {
  readonly headers: Readonly<Record<string, string>>

  constructor(code: string, detail: string, hint: string, headers: Readonly<Record<string, string>> = {}) {
    super(code, detail, { hint })
    this.name = 'AccessProblem'
    this.headers = headers
  }
}

const realm = 'Bearer realm="barograph"'
const how =
  'authorization: Bearer TOKEN, or sign in on the page; barograph-collector tokens add makes a token'

/** Nobody said who they are. */
export const signInNeeded = (): AccessProblem =>
  new AccessProblem('sign-in-needed', 'This collector asks who reads.', how, { 'www-authenticate': realm })

/** What was sent is no token that counts. */
export const wrongToken = (): AccessProblem =>
  new AccessProblem('wrong-token', 'This token is not known here: mistyped, or revoked.', how, {
    'www-authenticate': `${realm}, error="invalid_token"`,
  })

/** A viewer gave an order. */
export const operatorOnly = (): AccessProblem =>
  new AccessProblem(
    'operator-only',
    'This takes an operator; the token is one of a viewer.',
    'the token of an operator',
    {
      'www-authenticate': `${realm}, error="insufficient_scope", scope="operator"`,
    },
  )

/** Too many wrong tokens came before this one. */
export function tooManyGuesses(waitMs: number): AccessProblem {
  const seconds = Math.max(1, Math.ceil(waitMs / 1000))
  return new AccessProblem(
    'too-many-guesses',
    'Too many wrong tokens came from here. This one was not looked at.',
    `another try in ${seconds} s`,
    { 'retry-after': String(seconds) },
  )
}

/** Others are being looked at. */
export const signInBusy = (): AccessProblem =>
  new AccessProblem('sign-in-busy', 'Too many tokens wait to be looked at.', 'another try in a second', {
    'retry-after': '1',
  })
