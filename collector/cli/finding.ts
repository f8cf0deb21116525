/** One thing that was looked at. */
export interface Finding {
  readonly name: string
  readonly ok: boolean
  readonly detail: string
  /** What to do; empty: nothing. */
  readonly hint: string
}

export const found = (name: string, detail: string): Finding => ({ name, ok: true, detail, hint: '' })
export const fault = (name: string, detail: string, hint: string): Finding => ({
  name,
  ok: false,
  detail,
  hint,
})
