import { apiAddress, type Connection } from './connection.ts'

/** A wall board shows presence alone, without numbers and names: its token opens nothing else. */
export function isWallBoard({ key }: Connection): boolean {
  return key.startsWith('shb_')
}

/** Asks for tickets in the client's place: a board's token goes in the body, and names no site. */
export function ticketsOfBoard({ apiUrl, key }: Connection): typeof fetch {
  const url = apiAddress({ apiUrl }, 'boards/tickets')
  return (_, init) =>
    fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({ token: key }),
      signal: init?.signal ?? null,
    })
}
