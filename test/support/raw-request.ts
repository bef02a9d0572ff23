import { connect } from 'node:net'

/** A server that keeps the connection open longer has not understood `Connection: close`. */
const answerMsMax = 10_000

/** Sends bytes to a port of loopback and returns what the server answers until it closes the connection. */
export function rawRequest(port: number, bytes: string): Promise<string> {
  return new Promise((resolve) => {
    let answer = ''
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes))
    socket.setTimeout(answerMsMax, () => socket.destroy())
    socket.setEncoding('utf8').on('data', (chunk) => {
      answer += chunk
    })
    socket.on('error', () => resolve(answer))
    socket.on('close', () => resolve(answer))
  })
}

/** Request targets on which a careless server fails: `new URL` throws for some, and reads a host in others. */
export const oddTargets = [
  ...['//', '///', '//x', '//[', '/\\', '/%zz', '/%', '/%00', '/..//..', '/?%', '/?=&&=', '/#', '*', '/;', '/:80'],
  ...['http://', 'http://[', 'http://a b', 'https://example.org//', 'example.org:443', `/${'a'.repeat(9_000)}`],
]
