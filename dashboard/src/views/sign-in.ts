import { h, show } from '../dom.ts'
import type { Refusal } from '../state/session.ts'
import type { Context } from './context.ts'
import { themeButton } from './head.ts'
import { brandMark } from './shapes.ts'

/** The page while nobody is signed in. */
export interface SignIn {
  readonly element: HTMLElement
  update(): void
}

/** Makes the form around an empty drum. `signIn` resolves to why not, or null. */
export function createSignIn(options: {
  readonly drum: HTMLElement
  readonly signIn: (token: string) => Promise<Refusal | null>
}): SignIn {
  const { drum, signIn } = options
  let wasShown = false
  const refusal = h('p', { class: 'refusal', role: 'alert' })
  const input = h('input', {
    id: 'token',
    name: 'token',
    type: 'password',
    required: true,
    autocomplete: 'current-password',
    autocapitalize: 'off',
    spellcheck: 'false',
    maxlength: 200,
    'aria-describedby': 'token-help',
    oninput: () => refuse(null),
  })
  const button = h('button', { type: 'submit' }, h('span', { class: 'said' }, 'sign in'))
  const form = h(
    'form',
    { class: 'sign-in', onsubmit: submit },
    // Password managers keep a token under a name.
    h('input', {
      type: 'text',
      name: 'username',
      value: 'barograph',
      autocomplete: 'username',
      hidden: true,
    }),
    h('label', { for: 'token' }, 'Token'),
    h('div', { class: 'command' }, input, button),
    refusal,
  )
  const say = h(
    'div',
    { class: 'say' },
    h('h2', {}, 'The drum turns.', h('br'), 'Who reads it is asked for a token.'),
    form,
    h(
      'p',
      { id: 'token-help' },
      'It begins with bg- and was shown once, when it was made. A new one is made on the collector\u2019s machine:',
    ),
    h('p', {}, h('code', {}, 'barograph-collector tokens add viewer')),
  )

  function refuse(why: Refusal | null): void {
    input.setAttribute('aria-invalid', String(why !== null))
    show(refusal, why && [h('span', { class: 'mark' }, why.mark), ' ', why.text])
  }

  async function tryToken(): Promise<void> {
    button.disabled = true
    const why = await signIn(input.value.trim())
    button.disabled = false
    refuse(why)
    if (why) input.select()
    // Nobody who comes by later shall find it in the field.
    else form.reset()
  }

  function submit(event: SubmitEvent): void {
    event.preventDefault()
    if (!button.disabled) void tryToken()
  }

  return {
    element: h('main', { class: 'first' }, drum, say),
    update() {
      if (!wasShown || !input.isConnected) queueMicrotask(() => input.focus())
      wasShown = true
    },
  }
}

/** The head while nobody is signed in: no device, no view, no time. */
export function signInHead(context: Context): HTMLElement {
  return h(
    'header',
    { class: 'head' },
    h(
      'div',
      {},
      h(
        'div',
        { class: 'who' },
        h('span', { class: 'brand' }, brandMark(), h('span', {}, 'Barograph')),
        h('h1', {}, 'Sign in'),
      ),
      h('p', { class: 'state' }, 'This collector shows its readings to those who have a token.'),
    ),
    h('div', {}, h('div', { class: 'when' }, themeButton(context))),
  )
}
