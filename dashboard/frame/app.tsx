import { useCallback, useEffect, useReducer, useState } from 'preact/hooks'
import { type Connection, forgetConnection, keepConnection, takeConnection } from '../connection.ts'
import { onLanguage } from '../language.ts'
import { SessionContext, useOpenSession } from '../session.ts'
import { watchIdle } from './idle.ts'
import { OpenSite } from './open-site.tsx'
import { SignIn } from './sign-in.tsx'

export function App() {
  const [connection, setConnection] = useState(takeConnection)
  const [, redraw] = useReducer((count: number, _: undefined) => count + 1, 0)
  useEffect(() => onLanguage(() => redraw(undefined)), [])

  // If only the fragment of the address changes, the browser does not reload the page.
  useEffect(() => {
    const retake = () => setConnection(takeConnection())
    addEventListener('hashchange', retake)
    return () => removeEventListener('hashchange', retake)
  }, [])

  const connectTo = useCallback((typed: Connection) => {
    keepConnection(typed)
    setConnection(typed)
  }, [])
  const leave = useCallback(() => {
    forgetConnection()
    setConnection(undefined)
  }, [])
  return connection ? (
    <SignedIn connection={connection} onConnect={connectTo} onLeave={leave} />
  ) : (
    <SignIn onConnect={connectTo} />
  )
}

interface SignedInProps {
  connection: Connection
  onConnect: (connection: Connection) => void
  onLeave: () => void
}

function SignedIn({ connection, onConnect, onLeave }: SignedInProps) {
  const session = useOpenSession(connection, onLeave)
  const isWall = session?.isWall
  // A wall board has nobody who touches it.
  useEffect(() => (isWall === false ? watchIdle(onLeave) : undefined), [isWall, onLeave])
  if (!session) return null
  return (
    <SessionContext.Provider value={session}>
      <OpenSite session={session} onConnect={onConnect} />
    </SessionContext.Provider>
  )
}
