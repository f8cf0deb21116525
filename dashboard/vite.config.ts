import { defineConfig } from 'vite'

// While working on the page: a running collector answers the interface (`npm start`, then `vite dev`).
const collector = process.env['BAROGRAPH_COLLECTOR'] ?? 'http://127.0.0.1:8013'
const proxied = { target: collector, changeOrigin: true }

export default defineConfig({
  // The page may stand under any prefix: what it needs is beside it.
  base: './',
  build: {
    outDir: 'dist',
    target: 'es2022',
    // Fonts inlined as data: addresses would break the policy of the page (default-src 'self').
    assetsInlineLimit: 0,
    modulePreload: { polyfill: false },
  },
  server: {
    port: 8015,
    host: '127.0.0.1',
    proxy: {
      '/api/v1/live': { ...proxied, ws: true },
      '/api': proxied,
      '/readyz': proxied,
    },
  },
})
