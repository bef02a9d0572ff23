import { createConnection } from 'node:net'
import { ConsoleError } from '../errors.ts'

/** The output of `module show` has 12 KB, a list of 1,000 registrations 100 KB. */
const ANSWER_BYTES_MAX = 4 * 1024 * 1024

/**
 * Runs one console command and returns its output, by the protocol of `asterisk -rx`: the command follows
 * `cli quit after ` and ends with a zero byte. Asterisk answers with a line about itself and the output, and closes.
 *
 * @throws ConsoleError after `timeoutMs`; the socket's error, such as `ECONNREFUSED` without Asterisk or `EAGAIN` while too
 *   many connections wait
 */
export function askControlSocket(path: string, command: string, timeoutMs: number): Promise<string> {
  if (/[\0\r\n]/.test(command)) throw new TypeError('a console command has one line')
  return new Promise((resolve, reject) => {
    const socket = createConnection(path)
    let answer = ''
    socket.setEncoding('utf8')
    const timer = setTimeout(
      () => socket.destroy(new ConsoleError(`Asterisk's console did not answer within ${timeoutMs} ms.`)),
      timeoutMs,
    )
    socket.on('connect', () => socket.write(`cli quit after ${command}\0`))
    socket.on('data', (text: string) => {
      answer += text
      if (answer.length > ANSWER_BYTES_MAX)
        socket.destroy(new ConsoleError(`Asterisk's console answered more than ${ANSWER_BYTES_MAX} bytes.`))
    })
    socket.on('error', reject)
    socket.on('close', () => {
      clearTimeout(timer)
      resolve(answer.slice(answer.indexOf('\n') + 1))
    })
  })
}
