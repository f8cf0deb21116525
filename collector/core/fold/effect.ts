/** What a record came to, in entries: that were new, were quarantined or released, were repeats, or were refused. */
export interface Effect {
  fresh: number
  quarantined: number
  released: number
  repeats: number
  refused: number
}

export const noEffect = (): Effect => ({ fresh: 0, quarantined: 0, released: 0, repeats: 0, refused: 0 })
