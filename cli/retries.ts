import { ApiError } from '../client/http-client.ts'

/** The waits between the attempts double from one second, so they add up to a minute. */
const attemptsMax = 7

/** Sends a request, and sends it again if that can help. Use it only for requests that may be repeated. */
export async function withRetries<T>(send: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await send()
    } catch (error) {
      if (!(error instanceof ApiError) || !error.shouldRetry() || attempt === attemptsMax) throw error
      await new Promise((resolve) => setTimeout(resolve, 1000 * 2 ** (attempt - 1)))
    }
  }
}
