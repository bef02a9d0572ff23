import { createInterface } from 'node:readline'

let answers: AsyncIterator<string> | undefined

/** Asks a person, or reads the answer from a pipe; each question takes a line. The end of the input is a no. */
export async function consents(question: string): Promise<boolean> {
  process.stdout.write(question)
  // One reader for all questions: it reads ahead.
  answers ??= createInterface({ input: process.stdin })[Symbol.asyncIterator]()
  const { value, done } = await answers.next()
  if (done || !process.stdin.isTTY) process.stdout.write('\n')
  return !done && /^(y|yes)$/i.test(value.trim())
}
