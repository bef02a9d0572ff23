// Ends this process when the one that started it has ended, in whatever way: the operating system then closes the pipe on file
// descriptor 3. It first asks for an orderly end. Plain JavaScript, because it is loaded before the program.
import { Socket } from 'node:net'

/** The bridge takes up to 5 s to stop. */
const stopMsMax = 8_000

const parent = new Socket({ fd: 3, readable: true, writable: false })
parent.on('error', () => undefined)
parent.on('close', () => {
  process.kill(process.pid, 'SIGTERM')
  setTimeout(() => process.kill(process.pid, 'SIGKILL'), stopMsMax).unref()
})
parent.resume()
parent.unref()
