import { createConnection } from 'node:net'
import { setTimeout as delay } from 'node:timers/promises'
import { errorCode } from '../failure.ts'

/** A reload answers within milliseconds; loading a module may take seconds. */
const answerMsMax = 15_000
/** The output of `module show` has 20 KB. */
const answerBytesMax = 4 * 1024 * 1024
const againMs = 50

/**
 * Asterisk's console, by the protocol of `asterisk -rx`: the command follows `cli quit after ` and ends with a zero byte; Asterisk
 * answers with a line about itself and the output, and closes. It needs no `asterisk` program, and works in any folder.
 */
export class AsteriskConsole {
  readonly #path: string
  constructor(controlSocket: string) {
    this.#path = controlSocket
  }

  /** Returns the output. Throws the socket's error, such as `ECONNREFUSED` without Asterisk. */
  async run(command: string): Promise<string> {
    const deadline = Date.now() + answerMsMax
    for (;;) {
      try {
        return await ask(this.#path, command)
      } catch (error) {
        // Only two connections may wait until Asterisk accepts them.
        if (errorCode(error) !== 'EAGAIN' || Date.now() > deadline) throw error
        await delay(againMs)
      }
    }
  }
}

function ask(path: string, command: string): Promise<string> {
  const { promise, resolve, reject } = Promise.withResolvers<string>()
  const socket = createConnection(path)
  let answer = ''
  socket.setEncoding('utf8')
  socket.setTimeout(answerMsMax, () => socket.destroy(new Error(`no answer within ${answerMsMax / 1000} s`)))
  socket.on('connect', () => socket.write(`cli quit after ${command}\0`))
  socket.on('data', (text: string) => {
    answer += text
    if (answer.length > answerBytesMax) socket.destroy(new Error(`an answer of more than ${answerBytesMax} bytes`))
  })
  socket.on('error', reject)
  socket.on('close', () => resolve(answer.slice(answer.indexOf('\n') + 1)))
  return promise
}
