import { mkdir, mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { KeyringMissingError, MirrorInvalidError, MirrorUnreachableError } from '../../infra/asterisk/errors.ts'
import { debianMirrors, parseDeb822, parseSourcesList } from '../../infra/asterisk/install/apt-sources.ts'
import { keyringFor, mirrorsToTry } from '../../infra/asterisk/install/machine.ts'

const uris = (entries: readonly { uri: string }[]) => entries.map(({ uri }) => uri)

test('finds the Debian archive in a sources.list of the one-line format; ignores security and third-party archives', () => {
  const text = `
# deb http://old.example/debian bookworm main
deb http://mirror.example/debian/ bookworm main contrib # ours
deb-src http://mirror.example/debian bookworm main
deb [arch=amd64 signed-by=/usr/share/keyrings/other.gpg] https://two.example/debian trixie-updates main
deb http://mirror.example/debian-security bookworm-security main
deb [signed-by=/etc/apt/keyrings/docker.gpg] https://docker.example/linux/debian bookworm stable
deb https://packages.example/apt cloud-sdk main
deb cdrom:[Debian GNU/Linux 12]/debian bookworm main
deb http://mirror.example/debian bookworm-backports main
deb http://mirror.example/ubuntu noble main
`
  const mirrors = debianMirrors(parseSourcesList(text))
  expect(uris(mirrors)).toEqual(['http://mirror.example/debian', 'https://two.example/debian'])
  expect(mirrors.map((mirror) => mirror.signedBy)).toEqual([undefined, '/usr/share/keyrings/other.gpg'])
})

test('parses deb822 stanzas with several values, continued lines, comments and Enabled: no', () => {
  const text = `Types: deb deb-src
# a comment inside
URIs: http://mirror.example/debian
 https://two.example/debian
Suites: bookworm
 bookworm-updates
Components: main
Signed-By: /usr/share/keyrings/debian-archive-keyring.gpg

Types: deb
URIs: http://mirror.example/debian-security
Suites: bookworm-security
Components: main

Enabled: no
Types: deb
URIs: http://off.example/debian
Suites: sid
Components: main

Types: deb-src
URIs: http://source.example/debian
Suites: sid
Components: main

Types: deb
URIs: mirror+file:///etc/apt/mirrors/debian.list
Suites: trixie
Components: main
Signed-By:
 -----BEGIN PGP PUBLIC KEY BLOCK-----
 .
 abc
`
  const mirrors = debianMirrors(parseDeb822(text))
  expect(uris(mirrors)).toEqual([
    'http://mirror.example/debian',
    'https://two.example/debian',
    'mirror+file:///etc/apt/mirrors/debian.list',
  ])
  expect(mirrors.at(-1)?.signedBy).toBeUndefined()
})

test("returns the given mirror, else those of the machine's apt sources in both formats", async () => {
  const apt = await mkdtemp(join(tmpdir(), 'apt-'))
  try {
    await expect(mirrorsToTry(undefined, apt)).rejects.toThrow(MirrorUnreachableError)
    await mkdir(join(apt, 'sources.list.d'))
    await writeFile(join(apt, 'sources.list'), 'deb http://one.example/debian sid main\n')
    await writeFile(join(apt, 'sources.list.d', 'b.list'), 'deb http://two.example/debian sid main')
    const stanza = 'Types: deb\nURIs: http://three.example/debian\nSuites: sid\nComponents: main\n'
    await writeFile(join(apt, 'sources.list.d', 'a.sources'), stanza)
    await writeFile(join(apt, 'sources.list.d', 'c.sources.off'), stanza.replace('three', 'four'))
    const found = await mirrorsToTry(undefined, apt)
    expect(uris(found)).toEqual([
      'http://one.example/debian',
      'http://two.example/debian',
      'http://three.example/debian',
    ])
    expect(uris(await mirrorsToTry('https://mirror.example/debian/', apt))).toEqual(['https://mirror.example/debian'])
  } finally {
    await rm(apt, { recursive: true })
  }
})

test.each(['mirror.example', 'http://mirror.example/debian sid\nSuites: x', 'javascript:alert(1)', ''])(
  'rejects %j, which is no HTTP address, as a mirror',
  async (mirror) => {
    await expect(mirrorsToTry(mirror)).rejects.toThrow(MirrorInvalidError)
  },
)

test('returns the keyring that an apt source names if the file exists, else that of Debian', async () => {
  const entry = { uri: 'http://mirror.example/debian', suites: ['sid'], components: ['main'] }
  expect(await keyringFor({ ...entry, signedBy: '/dev/null' })).toBe('/dev/null')
  const other = await keyringFor({ ...entry, signedBy: '/nowhere/key.gpg' }).catch((error) => error)
  if (other instanceof KeyringMissingError) expect(other.message).toContain('debian-archive-keyring')
  else expect(other).toMatch(/debian-archive-keyring\.(gpg|pgp)$/)
})
