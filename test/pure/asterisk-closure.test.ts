import { readFile } from 'node:fs/promises'
import { expect, test } from 'vitest'
import { packageOfLibrary, parsePrintUris } from '../../infra/asterisk/install/closure.ts'
import { neededLibraries } from '../../infra/asterisk/install/elf.ts'

const available = [
  'libbrotli1',
  'libc6',
  'libcom-err2',
  'libcurl3t64-gnutls',
  'libcurl4t64',
  'libgcc-s1',
  'libidn2-0',
  'libjansson4',
  'libkrb5-3',
  'libldap2',
  'libngtcp2-16',
  'libngtcp2-crypto-ossl0',
  'libssl3t64',
  'libstdc++6',
  'libxml2-16',
  'libxslt1.1',
  'zlib1g',
]

test.each([
  ['libjansson.so.4', 'libjansson4'],
  ['libcurl.so.4', 'libcurl4t64'],
  ['libssl.so.3', 'libssl3t64'],
  ['libcrypto.so.3', 'libssl3t64'],
  ['libkrb5.so.3', 'libkrb5-3'],
  ['libcom_err.so.2', 'libcom-err2'],
  ['libgcc_s.so.1', 'libgcc-s1'],
  ['libidn2.so.0', 'libidn2-0'],
  ['libxml2.so.16', 'libxml2-16'],
  ['libngtcp2_crypto_ossl.so.0', 'libngtcp2-crypto-ossl0'],
  ['libxslt.so.1', 'libxslt1.1'],
  ['libexslt.so.1', 'libxslt1.1'],
  ['liblber.so.2', 'libldap2'],
  ['libbrotlidec.so.1', 'libbrotli1'],
  ['libstdc++.so.6', 'libstdc++6'],
  ['libz.so.1', 'zlib1g'],
  ['libm.so.6', 'libc6'],
  ['libc.so.6', 'libc6'],
])('finds the library %s in the package %s', (soname, name) => {
  expect(packageOfLibrary(soname, available)).toBe(name)
})

test.each(['libjansson.so.5', 'libunheard.so.1', 'asterisk', 'libcurl.so'])(
  'returns no package for %s, which no available package contains',
  (soname) => {
    expect(packageOfLibrary(soname, available)).toBeUndefined()
  },
)

test('finds the package of a library in another version', () => {
  expect(packageOfLibrary('libxml2.so.17', ['libxml2-17'])).toBe('libxml2-17')
})

test('parses name and version of the packages that apt would download', () => {
  const text = `'http://mirror.example/debian/pool/main/a/asterisk/asterisk_22.10.1%2bdfsg-1_amd64.deb' asterisk_1%3a22.10.1+dfsg-1_amd64.deb 2534036 MD5Sum:cf59
'http://mirror.example/debian/pool/main/libs/libx_1-1_all.deb' libx_1-1_all.deb 12 SHA256:00
Reading package lists...
E: Unable to locate package nothing
`
  expect(parsePrintUris(text)).toEqual([
    { name: 'asterisk', version: '1:22.10.1+dfsg-1' },
    { name: 'libx', version: '1-1' },
  ])
})

test('returns the libraries that a program needs, and none for a file that is not a program', async () => {
  // Node is a program that exists on every machine.
  const needed = neededLibraries(await readFile(process.execPath))
  if (process.platform === 'linux' && process.arch === 'x64') expect(needed).toContain('libc.so.6')
  expect(neededLibraries(Buffer.from('#!/bin/sh\n'))).toEqual([])
  expect(neededLibraries(Buffer.alloc(0))).toEqual([])
})

test('does not throw for a program that is truncated at any byte', () => {
  const program = tinyElf()
  expect(neededLibraries(program)).toEqual(['libgood.so.1'])
  for (let length = 0; length < program.length; length++) neededLibraries(program.subarray(0, length))
})

/** Returns an ELF file whose dynamic section names one library. */
function tinyElf(): Buffer {
  const file = Buffer.alloc(64 + 2 * 56 + 3 * 16 + 16)
  const dynamic = 64 + 2 * 56
  const strings = dynamic + 3 * 16
  file.write('\x7fELF\x02\x01', 0, 'latin1')
  file.writeBigUInt64LE(64n, 32)
  file.writeUInt16LE(56, 54)
  file.writeUInt16LE(2, 56)
  const segment = (at: number, type: number, offset: number, address: number, size: number) => {
    file.writeUInt32LE(type, at)
    file.writeBigUInt64LE(BigInt(offset), at + 8)
    file.writeBigUInt64LE(BigInt(address), at + 16)
    file.writeBigUInt64LE(BigInt(size), at + 32)
  }
  segment(64, 1, 0, 0x1000, file.length)
  segment(120, 2, dynamic, 0x1000 + dynamic, 3 * 16)
  file.writeBigInt64LE(1n, dynamic)
  file.writeBigUInt64LE(1n, dynamic + 8)
  file.writeBigInt64LE(5n, dynamic + 16)
  file.writeBigUInt64LE(BigInt(0x1000 + strings), dynamic + 24)
  file.write('\0libgood.so.1\0', strings, 'latin1')
  return file
}
