import type { ApiSession } from '@barograph/proto/api'

/** Why a token was not taken, in the page's words. */
export interface Refusal {
  readonly mark: string
  readonly text: string
}

/** True when nothing will be answered before somebody signs in; not while it is unknown. */
export const needsSignIn = (session: ApiSession | null): boolean =>
  session !== null && session.asked && session.role === null

/** True for problems that end with signing in. */
export const isSignedOut = (code: string): boolean => code === 'sign-in-needed' || code === 'wrong-token'

/** What to say of a sign-in that failed. */
export function refusalOf({ code, message }: { readonly code: string; readonly message: string }): Refusal {
  switch (code) {
    case 'wrong-token':
      return { mark: 'Not known here', text: 'The token is mistyped, revoked, or of another collector.' }
    case 'too-many-guesses':
      return { mark: 'Not looked at', text: message }
    case 'unreachable':
    case 'timeout':
      return { mark: 'No answer', text: 'The collector does not answer. The token was not looked at.' }
    default:
      return { mark: 'Not signed in', text: `${message} (problem: ${code})` }
  }
}

/** "viewer kiosk", as the head shows it; empty where nobody is asked. */
export const callerWords = ({ asked, role, name }: ApiSession): string =>
  asked && role ? [role, name].filter(Boolean).join(' ') : ''
