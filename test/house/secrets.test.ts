import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'

const tracked = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { encoding: 'utf8' })
  .split('\n')
  .filter(Boolean)

/** Patterns of secrets. They are joined from parts, so that they do not match this file. */
const secretForms: Record<string, RegExp> = {
  'private key': new RegExp(`-----BEGIN ${'[A-Z ]*'}PRIVATE KEY-----\\\\?n?[\\s]*[A-Za-z0-9+/]{40}`),
  'AWS access key': /\b(AKIA|ASIA)[0-9A-Z]{16}\b/,
  'Switchhook API key': /\bshk_[0-9a-f]{16}_[0-9A-Za-z_-]{32}\b/,
  'Switchhook admin key': /\bsha_[0-9A-Za-z_-]{43}\b/,
}

test('no file of the repository contains a secret', () => {
  const found = tracked.flatMap((file) => {
    const text = readFileSync(file, 'latin1')
    return Object.entries(secretForms)
      .filter(([, form]) => form.test(text))
      .map(([name]) => `${file}: ${name}`)
  })
  expect(tracked.length).toBeGreaterThan(50)
  expect(found).toEqual([])
})

test('the patterns that this file searches for match a sample of each kind of secret', () => {
  const samples = {
    'private key': `-----BEGIN ${'PRIVATE'} KEY-----\n${'A'.repeat(64)}`,
    'AWS access key': `AKIA${'A'.repeat(16)}`,
    'Switchhook API key': `shk_${'0'.repeat(16)}_${'x'.repeat(32)}`,
    'Switchhook admin key': `sha_${'x'.repeat(43)}`,
  }
  for (const [name, sample] of Object.entries(samples)) expect(secretForms[name]?.test(sample), name).toBe(true)
})

test('package-lock.json names no registry host, so that it installs from any registry', () => {
  expect(readFileSync('package-lock.json', 'utf8')).not.toMatch(/"resolved": "http/)
})
