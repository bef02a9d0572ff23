import { DatabaseSync } from 'node:sqlite'
import { setTimeout as delay } from 'node:timers/promises'
import { SwitchhookError } from '../../contracts/errors.ts'

/** A build takes 20 s, minutes on a machine that has much other work; one that takes longer hangs. */
const waitMsMax = 600_000
const lookAgainMs = 50

/** Another process held the lock for too long. */
export class FileLockError extends SwitchhookError {
  readonly errorId = 'file-locked'
}

/**
 * Takes a lock on `file`, which is created if absent; waits while another process holds it. Disposing releases it. It is a
 * transaction of SQLite that is never committed, so the operating system releases it when the process ends in any way.
 */
export async function takeFileLock(file: string): Promise<Disposable> {
  const deadline = Date.now() + waitMsMax
  for (;;) {
    const database = new DatabaseSync(file)
    try {
      database.exec('BEGIN EXCLUSIVE')
      return { [Symbol.dispose]: () => database.close() }
    } catch (cause) {
      database.close()
      if (!isBusy(cause)) throw cause
      if (Date.now() > deadline) {
        const message = `Another process has held ${file} for ${waitMsMax / 60_000} minutes: end it, then try again.`
        throw new FileLockError(message, { cause })
      }
    }
    await delay(lookAgainMs)
  }
}

/** https://sqlite.org/rescode.html#busy */
function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === 5
}
