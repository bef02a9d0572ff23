/** Runs with the functions' log lines, one an outcome, thrown away: a schedule makes thousands. */
export async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { log } = console
  console.log = () => undefined
  try {
    return await run()
  } finally {
    console.log = log
  }
}
