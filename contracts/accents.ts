/** Returns a text without accents and other marks on its letters: `Élodie` as `Elodie`. */
export function withoutAccents(text: string): string {
  return text.normalize('NFD').replace(/\p{M}/gu, '')
}
