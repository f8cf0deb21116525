import type { ApiSession } from '@barograph/proto/api'
import { describe, expect, it } from 'vitest'
import { callerWords, isSignedOut, needsSignIn, refusalOf } from './session.ts'

const open: ApiSession = { asked: false, role: 'operator', name: null, expires: null }
const nobody: ApiSession = { asked: true, role: null, name: null, expires: null }
const kiosk: ApiSession = { asked: true, role: 'viewer', name: 'kiosk', expires: '2025-06-09T12:00:00Z' }

describe('who reads', () => {
  it('has to sign in only where the collector asks and nobody did', () => {
    expect([null, open, nobody, kiosk].map(needsSignIn)).toEqual([false, false, true, false])
  })

  it('is shown only where somebody was asked', () => {
    expect([open, nobody, kiosk].map(callerWords)).toEqual(['', '', 'viewer kiosk'])
  })

  it('has to sign in again when a token or session is over, and not for other problems', () => {
    expect(['sign-in-needed', 'wrong-token', 'operator-only', 'http-503'].filter(isSignedOut)).toEqual([
      'sign-in-needed',
      'wrong-token',
    ])
  })
})

describe('a refused token', () => {
  it.each([
    ['wrong-token', 'Not known here', /revoked/],
    ['too-many-guesses', 'Not looked at', /^another try in 6 s$/],
    ['unreachable', 'No answer', /does not answer/],
    ['store-busy', 'Not signed in', /problem: store-busy/],
  ])('%s is said in words', (code, mark, text) => {
    expect(refusalOf({ code, message: 'another try in 6 s' })).toEqual({
      mark,
      text: expect.stringMatching(text) as string,
    })
  })
})
