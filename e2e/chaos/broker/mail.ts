/** How badly the broker treats messages: shares from 0 to 1. */
export interface Mail {
  /** Of the batches: come a second time. */
  readonly doubled: number
  /** Of all messages: come late, so that others overtake them. */
  readonly late: number
  readonly lateMs: number
  /** Of the batches: vanish after the acknowledgement. */
  readonly lost: number
  /** Of the receipts: vanish. */
  readonly receiptsLost: number
}

export const fairMail: Mail = { doubled: 0, late: 0, lateMs: 0, lost: 0, receiptsLost: 0 }
