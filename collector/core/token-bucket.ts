/** So much each second, and so much at once by whoever has been quiet. */
export interface BucketSize {
  readonly perSecond: number
  readonly burst: number
}

/** Token buckets by key, at most `maxKeys` of them: beyond, the one that was used longest ago is forgotten. */
export interface TokenBuckets {
  /** Takes the cost, even beyond what is there; returns after how many milliseconds the debt is paid. */
  take(key: string, cost: number, nowMs: number): number
  /** True while at least `cost` is there. */
  has(key: string, cost: number, nowMs: number): boolean
}

export function createTokenBuckets({
  perSecond,
  burst,
  maxKeys,
}: BucketSize & { readonly maxKeys: number }): TokenBuckets {
  const buckets = new Map<string, { level: number; atMs: number }>()

  function levelOf(key: string, nowMs: number): number {
    const bucket = buckets.get(key)
    if (!bucket) return burst
    return Math.min(burst, bucket.level + (Math.max(0, nowMs - bucket.atMs) * perSecond) / 1_000)
  }

  return {
    take(key, cost, nowMs) {
      const level = levelOf(key, nowMs) - cost
      buckets.delete(key)
      if (buckets.size >= maxKeys) {
        const [oldest] = buckets.keys()
        if (oldest !== undefined) buckets.delete(oldest)
      }
      buckets.set(key, { level, atMs: nowMs })
      return level >= 0 ? 0 : Math.ceil((-level * 1_000) / perSecond)
    },
    has: (key, cost, nowMs) => levelOf(key, nowMs) >= cost,
  }
}
