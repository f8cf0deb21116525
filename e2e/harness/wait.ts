/** Waits until the answer is neither null nor false; throws with the last answer's words after the limit. */
export async function eventually<T>(
  what: string,
  ask: () => Promise<T | null | false> | T | null | false,
  limitMs = 60_000,
): Promise<T> {
  const end = Date.now() + limitMs
  let problem = ''
  while (Date.now() < end) {
    try {
      const answer = await ask()
      if (answer !== null && answer !== false) return answer
    } catch (error) {
      problem = ` (${error instanceof Error ? error.message : String(error)})`
    }
    await sleep(50)
  }
  throw new Error(`waited ${limitMs} ms in vain: ${what}${problem}`)
}

export const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms))
