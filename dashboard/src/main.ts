import 'uplot/dist/uPlot.min.css'
import './css/tokens.css'
import './css/base.css'
import './css/head.css'
import './css/drum.css'
import './css/registers.css'
import './css/fleet.css'
import './css/first.css'
import './css/sign-in.css'
import { createApi } from './api/client.ts'
import type { Socket } from './api/live.ts'
import { startApp } from './app.ts'

// Wherever a proxy shows the page, the interface is beside it.
const here = new URL('.', location.href)
const socketUrl = new URL('api/v1/live', here)
socketUrl.protocol = socketUrl.protocol.replace('http', 'ws')

function socketOf(webSocket: WebSocket): Socket {
  return {
    onOpen: (act) => webSocket.addEventListener('open', act),
    onMessage: (act) => webSocket.addEventListener('message', ({ data }) => act(String(data))),
    onClose: (act) => webSocket.addEventListener('close', act),
    send: (text) => webSocket.send(text),
    close: () => webSocket.close(),
  }
}

function storageOrNull(): Storage | null {
  try {
    return localStorage
  } catch {
    // A browser that keeps nothing: the page works, without remembering.
    return null
  }
}

const root = document.getElementById('root')
if (!root) throw new Error('index.html has no #root')

startApp({
  root,
  api: createApi({ base: here.pathname.replace(/\/$/, ''), fetch: (input, init) => fetch(input, init) }),
  openSocket: (query) => socketOf(new WebSocket(`${socketUrl}?${query}`)),
  storage: storageOrNull(),
  random: Math.random,
})
