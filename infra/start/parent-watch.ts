/** A signal 9 to npm reaches nobody else, so the parent's id is looked at this often. */
const lookEveryMs = 500

/**
 * Calls `onGone` once when the npm that runs this command has ended without passing a signal on: it was killed, or it got SIGHUP
 * because its terminal was closed. A command that was not started by npm has no such parent.
 */
export function watchParent(onGone: () => void, env: NodeJS.ProcessEnv = process.env): Disposable {
  const parent = process.ppid
  if (env['npm_lifecycle_event'] === undefined) return { [Symbol.dispose]: () => undefined }
  const timer = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(timer)
    onGone()
  }, lookEveryMs)
  timer.unref()
  return { [Symbol.dispose]: () => clearInterval(timer) }
}
