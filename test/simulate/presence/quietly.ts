/** Runs with the functions' log lines, one an outcome, thrown away: a schedule makes thousands. */
export async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { write } = process.stdout
  process.stdout.write = () => true
  try {
    return await run()
  } finally {
    process.stdout.write = write
  }
}
