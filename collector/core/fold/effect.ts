/** What a record came to, in entries: that were new, were quarantined, were repeats, or were refused. */
export interface Effect {
  fresh: number
  quarantined: number
  repeats: number
  refused: number
}
