import { createConnection } from 'node:net'

/** The longest answer, `module show`, is 12 KB; a list of 1,000 registrations 100 KB. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/**
 * Runs one command of Asterisk's console and returns what it prints. Spoken as `asterisk -rx` does: the command follows
 * `cli quit after ` and ends in a zero byte; Asterisk answers with a line that says who it is, then the output, and
 * closes.
 *
 * @throws the socket's error (`ENOENT`, `ECONNREFUSED`: no Asterisk), or an Error when it takes over `timeoutMs`
 */
export function askControlSocket(path: string, command: string, timeoutMs: number): Promise<string> {
  if (/[\0\r\n]/.test(command)) throw new TypeError('a console command is one line')
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    let answer = ''
    socket.setEncoding('utf8')
    const timer = setTimeout(
      () => socket.destroy(new Error(`Asterisk did not answer within ${timeoutMs} ms`)),
      timeoutMs,
    )
    socket.on('connect', () => socket.write(`cli quit after ${command}\0`))
    socket.on('data', (text: string) => {
      answer += text
      if (answer.length > ANSWER_BYTES_MAX) socket.destroy(new Error('Asterisk answered without end'))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer.slice(answer.indexOf('\n') + 1))
    })
  })
}
