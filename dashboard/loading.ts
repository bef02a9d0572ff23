import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { refusalSentence } from './refusals.ts'

export interface Loaded<T> {
  data: T | undefined
  /** Why the last request failed, in a sentence; undefined after one succeeds. */
  failure: string | undefined
  isLoading: boolean
  reload: () => void
}

/**
 * Reads something when the component appears and whenever `key` changes. A failure keeps what was read before. `read` gets a signal
 * that is aborted when its answer is no longer wanted. With `key` undefined, nothing is read.
 */
export function useLoad<T>(key: string | undefined, read: (signal: AbortSignal) => Promise<T>): Loaded<T> {
  const [state, setState] = useState<Omit<Loaded<T>, 'reload'>>({
    data: undefined,
    failure: undefined,
    isLoading: key !== undefined,
  })
  const [turn, setTurn] = useState(0)
  const latest = useRef(read)
  latest.current = read
  // `turn` is increased to read again
  useEffect(() => {
    if (key === undefined) return
    const wanted = new AbortController()
    setState((before) => ({ ...before, isLoading: true }))
    latest.current(wanted.signal).then(
      (data) => wanted.signal.aborted || setState({ data, failure: undefined, isLoading: false }),
      (error: unknown) =>
        wanted.signal.aborted ||
        setState((before) => ({ ...before, failure: refusalSentence(error), isLoading: false })),
    )
    return () => wanted.abort()
  }, [key, turn])
  const reload = useCallback(() => setTurn((before) => before + 1), [])
  return { ...state, reload }
}

export interface Action {
  /** Runs the act unless another one is under way. Resolves to whether it succeeded. */
  run: (act: () => Promise<void>) => Promise<boolean>
  isBusy: boolean
  failure: string | undefined
  /** Forgets the last failure. */
  clear: () => void
}

/** Runs requests that a person starts, one at a time, and keeps the reason of a failure beside its cause. */
export function useAction(): Action {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<string>()
  const running = useRef(false)
  const run = async (act: () => Promise<void>) => {
    if (running.current) return false
    running.current = true
    setBusy(true)
    setFailure(undefined)
    try {
      await act()
      return true
    } catch (error) {
      setFailure(refusalSentence(error))
      return false
    } finally {
      running.current = false
      setBusy(false)
    }
  }
  return { run, isBusy, failure, clear: () => setFailure(undefined) }
}
