import { createContext } from 'preact'
import { useContext } from 'preact/hooks'

/** The dialog that is open over the page. */
export type Opened = 'help' | 'palette' | 'phone' | 'key' | { call: string } | undefined

/** A message about something that was done, with the way back. */
export interface Toast {
  text: string
  undo: (() => void) | undefined
}

/** What the frame around the pages offers them. */
export interface Shell {
  /** Opens the call dialog, with a number to call if there is one. */
  openCall: (number?: string) => void
  say: (toast: Toast) => void
  /** Asks for a new key over the page, so that nothing that was typed is lost. */
  askKey: () => void
}

export const ShellContext = createContext<Shell | undefined>(undefined)

export function useShell(): Shell {
  const shell = useContext(ShellContext)
  if (!shell) throw new Error('A page was drawn outside of the frame.')
  return shell
}
