/** Runs a function and discards its log lines on standard output, of which a schedule prints thousands. */
export async function quietly<T>(run: () => Promise<T>): Promise<T> {
  const { write } = process.stdout
  process.stdout.write = () => true
  try {
    return await run()
  } finally {
    process.stdout.write = write
  }
}
