import { existsSync } from 'node:fs'
import { join } from 'node:path'
import fastifyStatic from '@fastify/static'
import type { FastifyInstance } from 'fastify'
import { createProblem } from './problem.ts'

/** Names with a hash of what is in them never change what they hold. */
const hashed = /[\\/]assets[\\/].*-[\w-]{8,}\.\w+$/

/** Serves the built page; without one, `/` says how to build it. */
export async function servePage(app: FastifyInstance, folder: string): Promise<void> {
  if (!existsSync(join(folder, 'index.html'))) {
    app.get('/', () => {
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
