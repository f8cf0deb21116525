import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { createProblem } from './problem.ts'

/** Names with a hash of what is in them never change what they hold. */
const hashed = /[\\/]assets[\\/].*-[\w-]{8,}\.\w+$/

/**
 * Serves the built page; without one, its address says how to build it. It holds no reading: whoever is not signed in
 * may load it, and is asked for a token by it.
 */
export async function servePage(
  app: FastifyInstance,
  { folder, prefix }: { readonly folder: string; readonly prefix: string },
): Promise<void> {
  if (prefix !== '') {
    // What the page asks for is relative to its address, which therefore ends with a slash.
    for (const path of ['/', prefix])
      app.get(path, ({ url }, reply) => reply.redirect(`${prefix}/${/\?.*$/.exec(url)?.[0] ?? ''}`, 302))
  }
  if (!existsSync(join(folder, 'index.html'))) {
    app.get(`${prefix}/`, () => {
      throw createProblem(
        'page-not-built',
        'The page has not been built; the interface works: see /docs.',
        'npm run build --workspace dashboard, then start again',
      )
    })
    return
  }
  await app.register(fastifyStatic, {
    root: folder,
    prefix: `${prefix}/`,
    cacheControl: false,
    dotfiles: 'ignore',
    setHeaders: (reply, path) => {
      void reply.header(
        'cache-control',
        hashed.test(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
      )
    },
  })
}
