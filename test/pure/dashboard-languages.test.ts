import { readFileSync } from 'node:fs'
import { afterEach, describe, expect, test } from 'vitest'
import { dictionaries, plural, preferredLanguage, setLanguage, t } from '../../dashboard/language.ts'
import { sourceFiles } from '../support/source-files.ts'

const { en, fr } = dictionaries
const texts = sourceFiles(['dashboard']).map((file) => readFileSync(file, 'utf8'))
const holes = (text: string) => [...text.matchAll(/\{(\w+)\}/g)].map(([hole]) => hole).sort()

afterEach(() => setLanguage('en'))

test('both languages have the same texts, none empty, with the same values to fill in', () => {
  expect(Object.keys(fr)).toEqual(Object.keys(en))
  for (const [key, text] of Object.entries(fr)) {
    expect(text.trim(), key).not.toBe('')
    expect(holes(text), key).toEqual(holes(en[key as keyof typeof en]))
  }
})

/** A text is used if its name, or its name without the form of the plural, is in the source as a whole or as a template. */
function isUsed(key: string): boolean {
  const stem = key.replace(/\.(one|other)$/, '')
  if (texts.some((text) => text.includes(`'${key}'`) || text.includes(`'${stem}'`))) return true
  const templates = texts.flatMap((text) => [...text.matchAll(/`([a-zA-Z]+\.[\w.-]*)\$\{[^}]*\}([\w.]*)`/g)])
  return templates.some(([, start = '', end = '']) => {
    const middle = key.slice(start.length, key.length - end.length)
    return key.startsWith(start) && key.endsWith(end) && middle !== '' && !/\./.test(middle)
  })
}

test('every text is used by the page', () => {
  expect(Object.keys(en).filter((key) => !isUsed(key))).toEqual([])
})

test('the test of unused texts finds one', () => {
  expect(isUsed('board.never-shown')).toBe(false)
})

test('French texts differ from English ones, except for names and words that both languages share', () => {
  const same = Object.keys(en).filter((key) => en[key as keyof typeof en] === fr[key as keyof typeof fr])
  expect(same.length).toBeLessThan(45)
})

test('French puts a no-break space before a colon, a semicolon, a question mark, an exclamation mark and a percent sign', () => {
  const wrong = Object.entries(fr).filter(([, text]) =>
    /[ \u00a0][:;!?%]|\w[;!?]/.test(text.replace(/https?:\S+/g, '')),
  )
  expect(wrong).toEqual([])
})

describe('the language', () => {
  test.each([
    [null, ['fr-CA', 'en'], 'fr'],
    [null, ['de', 'en-US'], 'en'],
    [null, ['de'], 'en'],
    ['en', ['fr'], 'en'],
    ['nonsense', ['fr'], 'fr'],
  ] as const)('is, with %s chosen and the browser preferring %j, %s', (chosen, preferences, language) => {
    expect(preferredLanguage(chosen, preferences)).toBe(language)
  })

  test('fills in values and counts as each language does', () => {
    expect([
      t('frame.ownPhone', { extension: '102' }),
      plural('frame.extensions', 1),
      plural('board.calls', 0),
    ]).toEqual(['Your phone: 102', '1 extension', '0 calls'])
    setLanguage('fr')
    expect([plural('board.calls', 0), plural('board.calls', 2), plural('calls.shown', 1200)]).toEqual([
      '0 appel',
      '2 appels',
      '1\u202f200 appels affichés.',
    ])
  })
})
