import { afterEach } from 'vitest'
import { forbidIo, takeAttempts } from './no-io.ts'

declare global {
  var isIoForbidden: boolean | undefined
}

// Setup files run again for each test file of a worker.
if (!globalThis.isIoForbidden) forbidIo()
globalThis.isIoForbidden = true

afterEach(() => {
  const attempts = takeAttempts()
  if (attempts.length > 0) throw new Error(`The test tried to ${attempts[0]}: move its file to test/io/.`)
})
