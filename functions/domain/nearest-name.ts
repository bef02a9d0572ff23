import { editDistance } from '../../contracts/edit-distance.ts'

/** Longer texts are not compared: the work grows with the product of both lengths. */
const charsMax = 40
/** A suggestion has at most this many wrong letters, and at most half of its own. */
const wrongMax = 2

/** Returns the name that a misspelt one most likely stands for: the nearest, also if only case or separators differ. */
export function nearestName(text: string, names: readonly string[]): string | undefined {
  if (text.length > charsMax) return undefined
  const plain = (name: string) => name.toLowerCase().replace(/[-_]/g, '')
  const ranked = names
    .map((name) => ({ name, wrong: editDistance(plain(text), plain(name)) }))
    .filter(({ name, wrong }) => wrong <= wrongMax && 2 * wrong <= name.length)
    .sort((a, b) => a.wrong - b.wrong)
  return ranked[0]?.name
}
