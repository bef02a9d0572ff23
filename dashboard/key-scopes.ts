/** What the key may do, as each ticket's answer tells it: the page shows no button that would be refused. */
export class KeyScopes {
  #held: ReadonlySet<string> = new Set()
  readonly #fetch: typeof fetch

  constructor(fetcher: typeof fetch = (...request) => fetch(...request)) {
    this.#fetch = fetcher
  }

  has(scope: string): boolean {
    return this.#held.has(scope)
  }

  /** For the live client, that asks for a ticket at each connection. */
  readonly fetch: typeof fetch = async (...request) => {
    const response = await this.#fetch(...request)
    const body: unknown = response.ok ? await response.clone().json() : undefined
    if (typeof body === 'object' && body !== null && 'scopes' in body && Array.isArray(body.scopes)) {
      this.#held = new Set(body.scopes)
    }
    return response
  }
}
