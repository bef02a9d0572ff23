import { readdir, readFile } from 'node:fs/promises'
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import path from 'node:path'
import { cacheControl, fileOf, pageHeaders } from '../../dashboard/serving.ts'
import { requestTarget } from '../local/request-target.ts'
import { StartError } from './start-error.ts'

const types: Record<string, string> = {
  '.html': 'text/html; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.map': 'application/json',
  '.json': 'application/json',
}

export interface PageServer {
  port: number
  stop(): Promise<void>
}

/** Serves the built page on loopback from memory. Only files that are in the folder at the start are served. */
export async function servePage(folder: string, port: number): Promise<PageServer> {
  const files = new Map<string, { type: string; bytes: Buffer }>()
  for (const entry of await readdir(folder, { recursive: true, withFileTypes: true })) {
    if (!entry.isFile()) continue
    const file = path.join(entry.parentPath, entry.name)
    const type = types[path.extname(file)] ?? 'application/octet-stream'
    files.set(`/${path.relative(folder, file).split(path.sep).join('/')}`, { type, bytes: await readFile(file) })
  }
  const server = createServer((request, response) => answer(request, response, files))
  await new Promise<void>((resolve, reject) => {
    server.once('error', (cause) => reject(portFailure(port, cause)))
    server.listen(port, '127.0.0.1', resolve)
  })
  const address = server.address()
  if (address === null || typeof address === 'string') throw new Error('the page server has no port')
  const stop = async () => {
    server.closeAllConnections()
    await new Promise<void>((resolve) => server.close(() => resolve()))
  }
  return { port: address.port, stop }
}

function answer(
  { method = '', url }: IncomingMessage,
  response: ServerResponse,
  files: ReadonlyMap<string, { type: string; bytes: Buffer }>,
): void {
  const { pathname } = requestTarget(url)
  const name = fileOf(pathname, (path) => files.has(path)) ?? ''
  const file = files.get(name)
  const headers = { ...pageHeaders, 'cache-control': cacheControl(name) }
  const allowed = ['GET', 'HEAD']
  if (!file) response.writeHead(404, headers).end()
  else if (!allowed.includes(method)) response.writeHead(405, { ...headers, allow: allowed.join(', ') }).end()
  else {
    response.writeHead(200, { ...headers, 'content-type': file.type, 'content-length': file.bytes.length })
    response.end(method === 'HEAD' ? undefined : file.bytes)
  }
}

function portFailure(port: number, cause: Error): Error {
  if (!('code' in cause) || cause.code !== 'EADDRINUSE') return cause
  const message = `Port ${port} of the page is in use by another program; stop that program and try again.`
  return new StartError('port-in-use', message, 69, { cause })
}
