import { useEffect, useState } from 'preact/hooks'
import { type Connection, forgetConnection, keepConnection, takeConnection } from '../connection.ts'
import { BoardPage } from './board-page.tsx'
import { SignIn } from './sign-in.tsx'

export function App() {
  const [connection, setConnection] = useState(takeConnection)

  // If only the fragment of the address changes, the browser does not reload the page.
  useEffect(() => {
    const retake = () => setConnection(takeConnection())
    addEventListener('hashchange', retake)
    return () => removeEventListener('hashchange', retake)
  }, [])

  const connectTo = (typed: Connection) => {
    keepConnection(typed)
    setConnection(typed)
  }
  const leave = () => {
    forgetConnection()
    setConnection(undefined)
  }
  return connection ? <BoardPage connection={connection} onLeave={leave} /> : <SignIn onConnect={connectTo} />
}
